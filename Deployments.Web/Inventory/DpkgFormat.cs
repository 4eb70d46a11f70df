namespace Deployments.Web.Inventory;

/// <summary>Debian's packages: lines of <c>dpkg-query</c>, seven fields between tabs.</summary>
sealed class DpkgFormat : IInventoryFormat
{
    /// <summary>What the lines are made with.</summary>
    public const string Command =
        @"dpkg-query -W -f='${db:Status-Abbrev}\t${binary:Package}\t${Version}\t${Architecture}\t${source:Package}\t"
        + @"${source:Version}\t${db-fsys:Last-Modified}\n'";

    /// <inheritdoc/>
    public string Name => "dpkg";

    /// <inheritdoc/>
    public IReadOnlyList<string> Covers => ["deb"];

    /// <inheritdoc/>
    public bool Recognises(string head) =>
        head.Split('\n', 2)[0].Split('\t') is [{ Length: 2 or 3 } status, _, _, _, ..] && char.IsAsciiLetter(status[0]);

    /// <inheritdoc/>
    public IAsyncEnumerable<InventoryEntry> ReadAsync(Stream input, InventoryNames names, CancellationToken ct)
    {
        var type = names.TypeOrNull("deb");
        return InventoryText.EachLineAsync(input, (number, line) => line.Split('\t') switch
        {
            { Length: not 7 } => InventoryEntry.Bad(number, "has not seven fields between tabs"),
            // Only the second letter tells what is: configuration that was left behind is no package.
            [{ Length: >= 2 } status, ..] when status[1] != 'i' => new InventoryEntry(number),
            [_, var name, var version, var arch, ..] => InventoryEntry.Of(
                number, type, "", name.Split(':')[0], version, ("arch", arch)),
            _ => InventoryEntry.Bad(number, "has no fields"),
        }, ct);
    }
}

/// <summary>Debian's packages: the file <c>/var/lib/dpkg/status</c>.</summary>
sealed class DpkgStatusFormat : IInventoryFormat
{
    static readonly string[] Keys = ["Package", "Status", "Version", "Architecture"];

    /// <inheritdoc/>
    public string Name => "dpkg-status";

    /// <inheritdoc/>
    public IReadOnlyList<string> Covers => ["deb"];

    /// <inheritdoc/>
    public bool Recognises(string head) =>
        head.StartsWith("Package: ", StringComparison.Ordinal) && head.Contains("\nStatus: ", StringComparison.Ordinal);

    /// <inheritdoc/>
    public IAsyncEnumerable<InventoryEntry> ReadAsync(Stream input, InventoryNames names, CancellationToken ct)
    {
        var type = names.TypeOrNull("deb");
        return InventoryText.EachParagraphAsync(input, ":", Keys, (number, fields) =>
            fields.GetValueOrDefault("Status", "").EndsWith(" installed", StringComparison.Ordinal)
                ? InventoryEntry.Of(
                    number, type, "", fields.GetValueOrDefault("Package", ""), fields.GetValueOrDefault("Version", ""),
                    ("arch", fields.GetValueOrDefault("Architecture", "")))
                : new InventoryEntry(number), ct);
    }
}
