namespace Deployments.Web.Feeds.Versions;

/// <summary>
/// Dart and Flutter packages: semantic versions whose build metadata counts, as a last resort, like a
/// prerelease does; no build sorts before any build. See: https://dart.dev/tools/pub/versioning.
/// </summary>
public sealed class PubVersionOrder : IVersionOrder
{
    /// <summary>The one instance.</summary>
    public static readonly PubVersionOrder Instance = new();

    PubVersionOrder()
    {
    }

    /// <inheritdoc/>
    public byte[]? SortKey(string version)
    {
        var parts = SemVerText.ParseOrNull(SemVerVersionOrder.WithoutLeadingV(version));
        if (parts is null)
            return null;
        var key = parts.WriteTo(new SortKeyWriter());
        return SemVerText.WriteIdentifiers(key, parts.Build).ToKey();
    }
}
