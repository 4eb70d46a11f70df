using System.Text.RegularExpressions;

namespace Deployments.Web.Inventory;

/// <summary>Chocolatey's packages: lines of <c>choco list -r</c>, <c>id|version</c>.</summary>
sealed partial class ChocolateyFormat : IInventoryFormat
{
    /// <inheritdoc/>
    public string Name => "choco";

    /// <inheritdoc/>
    public bool Recognises(string head) => LinePattern().IsMatch(head);

    /// <inheritdoc/>
    /// <remarks>Whatever else stands there is what Chocolatey tells people before its list.</remarks>
    public IAsyncEnumerable<InventoryEntry> ReadAsync(Stream input, InventoryNames names, CancellationToken ct)
    {
        var type = names.TypeOrNull("nuget");
        return InventoryText.EachLineAsync(input, (number, line) => line.Split('|') switch
        {
            [var id, var version] when !id.Contains(' ', StringComparison.Ordinal) =>
                InventoryEntry.Of(number, type, "", id.Trim(), version.Trim()),
            [_] when line.Contains(' ', StringComparison.Ordinal) => new InventoryEntry(number),
            _ => InventoryEntry.Bad(number, "is not id|version"),
        }, ct);
    }

    [GeneratedRegex(@"^[A-Za-z0-9._-]+\|[0-9][^|\s]*\r?$", RegexOptions.Multiline)]
    private static partial Regex LinePattern();
}
