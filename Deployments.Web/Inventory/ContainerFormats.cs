using System.Text.Json;

namespace Deployments.Web.Inventory;

/// <summary>Containers of one machine: <c>docker inspect</c>.</summary>
sealed class DockerFormat : IInventoryFormat
{
    /// <inheritdoc/>
    public string Name => "docker";

    /// <inheritdoc/>
    public IReadOnlyList<string> Covers => ["docker"];

    /// <inheritdoc/>
    public bool Recognises(string head) =>
        head.StartsWith('[') && head.Contains("\"Id\"", StringComparison.Ordinal)
        && head.Contains("\"Image\"", StringComparison.Ordinal);

    /// <inheritdoc/>
    public IAsyncEnumerable<InventoryEntry> ReadAsync(Stream input, InventoryNames names, CancellationToken ct) =>
        InventoryText.EachJsonAsync(input, null, (number, _, container) => [
            container.Part("Config").Text("Image") is { Length: > 0 } image
                ? names.Image(number, image, Digest(container))
                : InventoryEntry.Bad(number, "names no image (Config.Image)")], ct);

    // The image's id is the hash of its configuration and known to no registry; what it was pulled by is.
    static string Digest(JsonElement container) => container.Items("RepoDigests")
        .Where(item => item.ValueKind == JsonValueKind.String)
        .Select(item => item.GetString()!.Split('@') is [_, var digest] ? digest : "")
        .FirstOrDefault("");
}

/// <summary>
/// Workloads of a cluster: <c>kubectl get pods -A -o json</c>. Below the target of the inventory each owner is one:
/// <c>cluster/namespace/owner</c>; pods come and go.
/// </summary>
sealed class KubernetesFormat : IInventoryFormat
{
    /// <inheritdoc/>
    public string Name => "kubernetes";

    /// <inheritdoc/>
    public IReadOnlyList<string> Covers => ["docker"];

    /// <inheritdoc/>
    public bool Recognises(string head) =>
        head.StartsWith('{') && head.Contains("\"apiVersion\"", StringComparison.Ordinal)
        && head.Contains("\"items\"", StringComparison.Ordinal);

    /// <inheritdoc/>
    public IAsyncEnumerable<InventoryEntry> ReadAsync(Stream input, InventoryNames names, CancellationToken ct) =>
        InventoryText.EachJsonAsync(input, "items", (number, _, pod) => Read(names, number, pod), ct);

    static IEnumerable<InventoryEntry> Read(InventoryNames names, long number, JsonElement pod)
    {
        var metadata = pod.Part("metadata");
        if (metadata.Text("name").Length == 0)
            return [InventoryEntry.Bad(number, "has no metadata.name")];
        var place = $"{metadata.Text("namespace")}/{Owner(metadata)}";
        var statuses = pod.Part("status").Items("containerStatuses").ToList();
        // Before a container has started, nothing runs that could be told.
        return statuses.Count == 0
            ? [new InventoryEntry(number)]
            : statuses.Select(status => status.Text("image").Length == 0
                ? InventoryEntry.Bad(number, "has a container without an image")
                : names.Image(number, status.Text("image"), Digest(status.Text("imageID"))) with { Place = place });
    }

    // What owns the pod; a replica set is named after its deployment and the hash of the pods' template.
    static string Owner(JsonElement metadata)
    {
        var owner = metadata.Items("ownerReferences").FirstOrDefault();
        var name = owner.Text("name");
        var hash = metadata.Part("labels").Text("pod-template-hash");
        return name.Length == 0 ? metadata.Text("name")
            : owner.Text("kind") == "ReplicaSet" && hash.Length > 0
                && name.EndsWith("-" + hash, StringComparison.Ordinal)
                ? name[..^(hash.Length + 1)]
                : name;
    }

    // Runtimes write docker-pullable://repository@sha256:…, repository@sha256:…, or the digest alone.
    static string Digest(string imageId) =>
        imageId.IndexOf("sha256:", StringComparison.Ordinal) is >= 0 and var start ? imageId[start..] : "";
}
