namespace Deployments.Web.Feeds.Versions;

/// <summary>
/// NuGet packages: semantic versions with an optional fourth number, compared without regard to case; 1.0 and
/// 1.0.0.0 are the same version. See: https://learn.microsoft.com/nuget/concepts/package-versioning.
/// </summary>
/// <remarks>NuGet's own parser stops at 32-bit numbers; this one has no such limit.</remarks>
public sealed class NuGetVersionOrder : IVersionOrder
{
    const int NumbersMax = 4;

    /// <summary>The one instance.</summary>
    public static readonly NuGetVersionOrder Instance = new();

    NuGetVersionOrder()
    {
    }

    /// <inheritdoc/>
    public byte[]? SortKey(string version)
    {
        var parts = SemVerText.ParseOrNull(version.ToLowerInvariant());
        return parts?.Numbers.Length <= NumbersMax ? parts.WriteTo(new SortKeyWriter()).ToKey() : null;
    }
}
