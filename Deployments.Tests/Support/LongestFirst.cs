using Xunit.Abstractions;

[assembly: TestCollectionOrderer("Deployments.Tests.Support.LongestFirst", "Deployments.Tests")]

namespace Deployments.Tests.Support;

/// <summary>
/// Begins with the classes that take longest: one of them that begins last has the machine to itself while the rest of
/// it idles. Which they are stands at the end of every run of <c>test.sh</c>.
/// </summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    static readonly string[] Longest =
    [
        "RunScriptTests", "OctopusTests", "PagesInBrowserTests", "ProgramTests", "InventoryMemoryTests",
        "HostileValuesTests", "HostileFormsTests", "ClusterTests", "KillTests", "ConnectSnippetsTests",
    ];

    /// <inheritdoc/>
    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderBy(collection =>
        {
            var place = Array.FindIndex(
                Longest, name => collection.DisplayName.EndsWith('.' + name, StringComparison.Ordinal));
            return place < 0 ? Longest.Length : place;
        });
}
