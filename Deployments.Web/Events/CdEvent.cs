using System.Text.Json;
using System.Text.RegularExpressions;
using Deployments.Data.Events;

namespace Deployments.Web.Events;

/// <summary>What happened to a service.</summary>
enum CdPredicate
{
    /// <summary>It was deployed for the first time.</summary>
    Deployed,

    /// <summary>It was replaced by a newer one.</summary>
    Upgraded,

    /// <summary>It was replaced by an older one.</summary>
    RolledBack,

    /// <summary>It is no longer there.</summary>
    Removed,
}

/// <summary>
/// A CDEvent about a service in an environment, of version 0.4 or 0.5, by itself or in a CloudEvent. Pure. See
/// https://cdevents.dev/docs/ and https://github.com/cloudevents/spec (JSON format, HTTP binding).
/// </summary>
sealed partial record CdEvent
{
    const int NameLengthMax = 2000;

    /// <summary>Who sent it.</summary>
    public required string Source { get; init; }

    /// <summary>Unique with the source.</summary>
    public required string Id { get; init; }

    /// <summary>Its type with the version.</summary>
    public required string Type { get; init; }

    /// <summary>What happened; null for anything but a service that was deployed or removed.</summary>
    public CdPredicate? Predicate { get; init; }

    /// <summary>When, as written; null when it does not say.</summary>
    public string? Timestamp { get; init; }

    /// <summary>The service.</summary>
    public CdService Service { get; init; } = new("", "");

    /// <summary>Where it runs; null when it does not say.</summary>
    public string? Environment { get; init; }

    /// <summary>The package URL of what runs; null when it does not say, which a removal never does.</summary>
    public string? ArtifactId { get; init; }

    /// <summary>Reads a CDEvent, or a CloudEvent that carries one.</summary>
    /// <param name="item">The JSON.</param>
    /// <param name="attributes">What the headers of a binary CloudEvent say, by name; empty for others.</param>
    /// <exception cref="FormatException">It is none; the message says what is wrong.</exception>
    public static CdEvent Read(JsonElement item, IReadOnlyDictionary<string, string> attributes)
    {
        if (item.ValueKind != JsonValueKind.Object)
            throw new FormatException("A JSON object is expected.");
        try
        {
            if (!item.TryGetProperty("specversion", out _))
                return Read(item, name => attributes.GetValueOrDefault(name));
            using var data = DataOf(item);
            return Read(data?.RootElement ?? item.GetProperty("data"), name => Text(item, name, name));
        }
        // Half a character, as an escape such as \ud800 can write it.
        catch (InvalidOperationException exception)
        {
            throw new FormatException("A text in it is not Unicode.", exception);
        }
    }

    // A structured CloudEvent has its data as JSON, as text that is JSON, or as base64; the last two are to be parsed.
    static JsonDocument? DataOf(JsonElement item)
    {
        if (Text(item, "specversion", "specversion") is not ['1', '.', ..])
            throw new FormatException("specversion: must be 1.0");
        if (item.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Object)
            return null;
        try
        {
            return data.ValueKind == JsonValueKind.String ? JsonDocument.Parse(data.GetString()!)
                : item.TryGetProperty("data_base64", out var base64) && base64.ValueKind == JsonValueKind.String
                    ? JsonDocument.Parse(base64.GetBytesFromBase64())
                : throw new FormatException("data: is missing");
        }
        catch (JsonException exception)
        {
            throw new FormatException($"data: is not valid JSON: {exception.Message}", exception);
        }
    }

    // What the CloudEvent around it says stands in for what its own context does not.
    static CdEvent Read(JsonElement data, Func<string, string?> around)
    {
        if (data.ValueKind != JsonValueKind.Object)
            throw new FormatException("data: must be a JSON object");
        var context = Object(data, "context");
        var type = Required("type");
        var source = Required("source");
        var id = Required("id");
        var match = ServiceType().Match(type);
        if (!match.Success)
            return new CdEvent { Source = source, Id = id, Type = type };

        var subject = Object(data, "subject");
        var content = Object(subject, "content");
        return new CdEvent
        {
            Source = source,
            Id = id,
            Type = type,
            Predicate = match.Groups["predicate"].Value switch
            {
                "deployed" => CdPredicate.Deployed,
                "upgraded" => CdPredicate.Upgraded,
                "rolledback" => CdPredicate.RolledBack,
                _ => CdPredicate.Removed,
            },
            Timestamp = Text(context, "timestamp", "context.timestamp") ?? around("time"),
            Service = new CdService(
                Text(subject, "source", "subject.source") ?? source,
                Text(subject, "id", "subject.id") ?? around("subject") ?? ""),
            Environment = Text(Object(content, "environment"), "id", "subject.content.environment.id"),
            ArtifactId = Text(content, "artifactId", "subject.content.artifactId"),
        };

        string Required(string name)
        {
            var text = Text(context, name, $"context.{name}") ?? around(name);
            return string.IsNullOrEmpty(text) ? throw new FormatException($"context.{name}: is missing")
                : text.Length > NameLengthMax
                    ? throw new FormatException($"context.{name}: is longer than {NameLengthMax} characters")
                : text.Any(char.IsControl) ? throw new FormatException($"context.{name}: has control characters")
                : text;
        }
    }

    static JsonElement Object(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.Object ? value : default;

    static string? Text(JsonElement parent, string name, string path) =>
        parent.ValueKind != JsonValueKind.Object || !parent.TryGetProperty(name, out var value)
        || value.ValueKind == JsonValueKind.Null ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()!.Trim()
        : throw new FormatException($"{path}: must be text");

    // Versions of the type before 1.0, with or without "-draft", are alike in what is read of them here.
    [GeneratedRegex(
        @"^dev\.cdevents\.service\.(?<predicate>deployed|upgraded|rolledback|removed)"
        + @"(\.0\.[0-9]{1,4}\.[0-9]{1,4}(-[\w.]{1,30})?)?$", RegexOptions.CultureInvariant)]
    private static partial Regex ServiceType();
}
