using System.Text.Json;

namespace Deployments.Web.Inventory;

/// <summary>Universal packages of a machine: Inedo's registry file <c>installedPackages.json</c>.</summary>
sealed class InedoFormat : IInventoryFormat
{
    /// <inheritdoc/>
    public string Name => "upack";

    /// <inheritdoc/>
    public IReadOnlyList<string> Covers => ["upack"];

    /// <inheritdoc/>
    public bool Recognises(string head) =>
        head.StartsWith('[') && head.Contains("\"version\"", StringComparison.OrdinalIgnoreCase)
        && (head.Contains("\"feedUrl\"", StringComparison.OrdinalIgnoreCase)
            || head.Contains("\"installation", StringComparison.OrdinalIgnoreCase));

    /// <inheritdoc/>
    public IAsyncEnumerable<InventoryEntry> ReadAsync(Stream input, InventoryNames names, CancellationToken ct) =>
        InventoryText.EachJsonAsync(input, null, (number, _, package) => [InventoryEntry.Of(
            number, names.TypeOrNull("upack"), package.Text("group"), package.Text("name"),
            package.Text("version"))], ct);
}

/// <summary>Packages of a Python interpreter: <c>pip list --format json</c>.</summary>
sealed class PipFormat : IInventoryFormat
{
    /// <inheritdoc/>
    public string Name => "pip";

    /// <inheritdoc/>
    public bool Recognises(string head) =>
        head.StartsWith('[') && head.Contains("\"name\"", StringComparison.Ordinal)
        && head.Contains("\"version\"", StringComparison.Ordinal);

    /// <inheritdoc/>
    public IAsyncEnumerable<InventoryEntry> ReadAsync(Stream input, InventoryNames names, CancellationToken ct) =>
        InventoryText.EachJsonAsync(input, null, (number, _, package) => [InventoryEntry.Of(
            number, names.TypeOrNull("pypi"), "", package.Text("name"), package.Text("version"))], ct);
}

/// <summary>Packages of a Node.js prefix: <c>npm ls --json</c>, at any depth.</summary>
sealed class NpmFormat : IInventoryFormat
{
    /// <inheritdoc/>
    public string Name => "npm";

    /// <inheritdoc/>
    public bool Recognises(string head) =>
        head.StartsWith('{') && head.Contains("\"dependencies\"", StringComparison.Ordinal);

    /// <inheritdoc/>
    public IAsyncEnumerable<InventoryEntry> ReadAsync(Stream input, InventoryNames names, CancellationToken ct) =>
        InventoryText.EachJsonAsync(input, "dependencies", (number, name, package) =>
            Read(names, number, name, package), ct);

    // One that is missing, or lies elsewhere, has no version: nothing is installed.
    static IEnumerable<InventoryEntry> Read(InventoryNames names, long number, string name, JsonElement package)
    {
        yield return package.Text("version") is { Length: > 0 } version
            ? InventoryEntry.Of(number, names.TypeOrNull("npm"), "", name, version)
            : new InventoryEntry(number);
        if (package.Part("dependencies") is not { ValueKind: JsonValueKind.Object } inner)
            yield break;
        foreach (var dependency in inner.EnumerateObject())
            foreach (var entry in Read(names, number, dependency.Name, dependency.Value))
                yield return entry;
    }
}

/// <summary>Libraries of a .NET application: its <c>.deps.json</c>.</summary>
sealed class DotNetFormat : IInventoryFormat
{
    /// <inheritdoc/>
    public string Name => "dotnet";

    /// <inheritdoc/>
    public bool Recognises(string head) =>
        head.StartsWith('{') && head.Contains("\"runtimeTarget\"", StringComparison.Ordinal);

    /// <inheritdoc/>
    public IAsyncEnumerable<InventoryEntry> ReadAsync(Stream input, InventoryNames names, CancellationToken ct) =>
        InventoryText.EachJsonAsync(input, "libraries", (number, name, library) => [
            library.Text("type") != "package" ? new InventoryEntry(number)
            : name.Split('/') is [var id, var version]
                ? InventoryEntry.Of(number, names.TypeOrNull("nuget"), "", id, version)
                : InventoryEntry.Bad(number, "is not called name/version")], ct);
}
