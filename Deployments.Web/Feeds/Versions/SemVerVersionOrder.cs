namespace Deployments.Web.Feeds.Versions;

/// <summary>
/// Semantic versions: npm, Cargo, Go modules, Helm charts, universal packages. A leading <c>v</c> and the build
/// metadata do not count. See: https://semver.org/spec/v2.0.0.html, item 11.
/// </summary>
public sealed class SemVerVersionOrder : IVersionOrder
{
    /// <summary>The one instance.</summary>
    public static readonly SemVerVersionOrder Instance = new();

    SemVerVersionOrder()
    {
    }

    /// <inheritdoc/>
    public byte[]? SortKey(string version) =>
        SemVerText.ParseOrNull(WithoutLeadingV(version))?.WriteTo(new SortKeyWriter()).ToKey();

    internal static string WithoutLeadingV(string version) => version is ['v' or 'V', .. var rest] ? rest : version;
}
