namespace Deployments.Web.Feeds.Versions;

/// <summary>
/// How one ecosystem orders its versions. Pure: no state, no I/O, safe from many threads.
/// </summary>
public interface IVersionOrder
{
    /// <summary>
    /// A key whose unsigned bytewise order is the ecosystem's version order, so that PostgreSQL can sort and
    /// range-match a <c>bytea</c> column. Two versions that compare equal have equal keys.
    /// </summary>
    /// <param name="version">A version as the package manager writes it; up to 200 characters.</param>
    /// <returns>The key, or null when the text is not a version of this ecosystem.</returns>
    byte[]? SortKey(string version);
}
