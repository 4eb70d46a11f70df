namespace Deployments.Web.Feeds.Versions;

/// <summary>
/// R packages: numbers between dots or hyphens; a version that goes on is newer than one that ends there, so
/// 0.3.2.0 follows 0.3.2.
/// See: https://stat.ethz.ch/R-manual/R-devel/library/base/html/numeric_version.html.
/// </summary>
public sealed class CranVersionOrder : IVersionOrder
{
    /// <summary>The one instance.</summary>
    public static readonly CranVersionOrder Instance = new();

    CranVersionOrder()
    {
    }

    /// <inheritdoc/>
    public byte[]? SortKey(string version)
    {
        if (!SortKeyWriter.Accepts(version))
            return null;
        var numbers = version.Split('.', '-');
        if (!numbers.All(VersionText.IsNumber))
            return null;
        var key = new SortKeyWriter();
        foreach (var number in numbers)
            key.Number(number);
        return key.End().ToKey();
    }
}
