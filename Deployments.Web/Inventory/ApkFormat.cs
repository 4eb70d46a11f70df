namespace Deployments.Web.Inventory;

/// <summary>Alpine's packages: the file <c>/lib/apk/db/installed</c>.</summary>
sealed class ApkFormat : IInventoryFormat
{
    static readonly string[] Keys = ["P", "V", "A"];

    /// <inheritdoc/>
    public string Name => "apk";

    /// <inheritdoc/>
    public IReadOnlyList<string> Covers => ["apk"];

    /// <inheritdoc/>
    public bool Recognises(string head) =>
        head is ['C' or 'P', ':', ..] && head.Contains("\nV:", StringComparison.Ordinal);

    /// <inheritdoc/>
    public IAsyncEnumerable<InventoryEntry> ReadAsync(Stream input, InventoryNames names, CancellationToken ct)
    {
        var type = names.TypeOrNull("apk");
        return InventoryText.EachParagraphAsync(input, ":", Keys, (number, fields) => InventoryEntry.Of(
            number, type, "", fields.GetValueOrDefault("P", ""), fields.GetValueOrDefault("V", ""),
            ("arch", fields.GetValueOrDefault("A", ""))), ct);
    }
}
