namespace Deployments.Web.Inventory;

/// <summary>RPM's packages: lines of <c>rpm -qa</c>, seven fields between tabs.</summary>
sealed class RpmFormat : IInventoryFormat
{
    /// <summary>What the lines are made with.</summary>
    public const string Command =
        @"rpm -qa --qf '%{NAME}\t%{EPOCHNUM}\t%{VERSION}\t%{RELEASE}\t%{ARCH}\t%{INSTALLTIME}\t%{VENDOR}\n'";

    /// <inheritdoc/>
    public string Name => "rpm";

    /// <inheritdoc/>
    public IReadOnlyList<string> Covers => ["rpm"];

    /// <inheritdoc/>
    public bool Recognises(string head) =>
        head.Split('\n', 2)[0].Split('\t') is [_, var epoch, _, _, _, ..] && epoch.Length > 0
        && epoch.All(char.IsAsciiDigit);

    /// <inheritdoc/>
    public IAsyncEnumerable<InventoryEntry> ReadAsync(Stream input, InventoryNames names, CancellationToken ct)
    {
        var type = names.TypeOrNull("rpm");
        return InventoryText.EachLineAsync(input, (number, line) => line.Split('\t') switch
        {
            ["gpg-pubkey", ..] => new InventoryEntry(number), // a key that rpm keeps as if it were one
            [var name, var epoch, var version, var release, var arch, _, _] => InventoryEntry.Of(
                number, type, "", name, $"{(epoch is "0" ? "" : epoch + ":")}{version}-{release}", ("arch", arch)),
            _ => InventoryEntry.Bad(number, "has not seven fields between tabs"),
        }, ct);
    }
}
