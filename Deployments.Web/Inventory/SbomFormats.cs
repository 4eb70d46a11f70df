using System.Text.Json;

namespace Deployments.Web.Inventory;

/// <summary>A CycloneDX document (JSON, 1.2 and later): its components with a package URL.</summary>
sealed class CycloneDxFormat : IInventoryFormat
{
    /// <inheritdoc/>
    public string Name => "cyclonedx";

    /// <inheritdoc/>
    public bool Recognises(string head) =>
        head.StartsWith('{') && head.Contains("\"CycloneDX\"", StringComparison.Ordinal);

    /// <inheritdoc/>
    public IAsyncEnumerable<InventoryEntry> ReadAsync(Stream input, InventoryNames names, CancellationToken ct) =>
        InventoryText.EachJsonAsync(input, "components", (number, _, component) => Read(names, number, component), ct);

    static IEnumerable<InventoryEntry> Read(InventoryNames names, long number, JsonElement component) =>
        component.Items("components").SelectMany(inner => Read(names, number, inner)).Prepend(
            component.ValueKind != JsonValueKind.Object ? InventoryEntry.Bad(number, "is no object")
            : component.Text("purl") is { Length: > 0 } purl ? names.FromPurl(number, purl)
            : new InventoryEntry(number));
}

/// <summary>An SPDX document (JSON, 2.2 and 2.3): its packages with a package URL.</summary>
sealed class SpdxFormat : IInventoryFormat
{
    /// <inheritdoc/>
    public string Name => "spdx";

    /// <inheritdoc/>
    public bool Recognises(string head) =>
        head.StartsWith('{') && head.Contains("\"spdxVersion\"", StringComparison.Ordinal);

    /// <inheritdoc/>
    public IAsyncEnumerable<InventoryEntry> ReadAsync(Stream input, InventoryNames names, CancellationToken ct) =>
        InventoryText.EachJsonAsync(input, "packages", (number, _, package) => [
            package.ValueKind != JsonValueKind.Object ? InventoryEntry.Bad(number, "is no object")
            : package.Items("externalRefs").Where(reference => reference.Text("referenceType") == "purl")
                .Select(reference => reference.Text("referenceLocator")).FirstOrDefault() is { Length: > 0 } purl
                ? names.FromPurl(number, purl)
                : new InventoryEntry(number)], ct);
}
