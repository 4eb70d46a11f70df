using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Deployments.Web.Feeds.Versions;

namespace Deployments.Web.Feeds;

/// <summary>What a universal package says about itself: its <c>upack.json</c> (see ProGet's package format).</summary>
/// <param name="Group">Segments between slashes; empty when there is none.</param>
/// <param name="Name">The name in its proper spelling.</param>
/// <param name="Version">A semantic version.</param>
/// <param name="Json">The whole manifest.</param>
sealed partial record UniversalManifest(string Group, string Name, string Version, JsonObject Json)
{
    /// <summary>The manifest's name within the package.</summary>
    public const string FileName = "upack.json";

    const int GroupLengthMax = 250;

    /// <summary>Checks a manifest.</summary>
    /// <exception cref="InvalidDataException">It is not one; the message says why.</exception>
    public static UniversalManifest Parse(byte[] json)
    {
        if (ParseObject(json) is not { } manifest)
            throw new InvalidDataException("The upack.json is not a JSON object.");
        return Check(manifest);
    }

    /// <summary>Checks a manifest that is at hand as JSON.</summary>
    /// <exception cref="InvalidDataException">A name or the version is missing or malformed.</exception>
    public static UniversalManifest Check(JsonObject manifest)
    {
        var (group, name, version) =
            (TextOf(manifest, "group").Trim('/'), TextOf(manifest, "name"), TextOf(manifest, "version"));
        if (!IsName(name))
            throw new InvalidDataException($"'{name}' is not a package name: up to 50 letters, digits, - . _");
        if (!IsGroup(group))
            throw new InvalidDataException($"'{group}' is not a package group: up to 250 letters, digits, - . _ /");
        return SemVerSyntax.IsVersion(version)
            ? new UniversalManifest(group, name, version, manifest)
            : throw new InvalidDataException($"'{version}' is not a semantic version, such as 1.2.3 or 1.2.3-rc.1.");
    }

    /// <summary>A text of the manifest; empty when there is none.</summary>
    public string Text(string name) => TextOf(Json, name);

    /// <summary>Whether the text can be a package's name.</summary>
    public static bool IsName(string text) => text is not ("." or "..") && NamePattern().IsMatch(text);

    /// <summary>Whether the text can be a package's group; an empty one can.</summary>
    public static bool IsGroup(string text) =>
        text.Length <= GroupLengthMax && (text.Length == 0 || text.Split('/').All(IsGroupSegment));

    static bool IsGroupSegment(string text) => text is not ("." or "..") && SegmentPattern().IsMatch(text);

    static JsonObject? ParseObject(byte[] json)
    {
        try
        {
            // Editors on Windows like to begin a file with a byte order mark, which JSON does not allow.
            var text = json.AsSpan();
            if (text.StartsWith("\uFEFF"u8))
                text = text["\uFEFF"u8.Length..];
            return JsonNode.Parse(text, documentOptions: new() { AllowDuplicateProperties = false }) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    static string TextOf(JsonObject json, string name) =>
        json.TryGetPropertyValue(name, out var node) && node is JsonValue value
        && value.TryGetValue<string>(out var text)
            ? text
            : "";

    [GeneratedRegex(@"\A[0-9A-Za-z._-]{1,50}\z")]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"\A[0-9A-Za-z._-]+\z")]
    private static partial Regex SegmentPattern();
}
