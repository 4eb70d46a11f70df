using System.Text.Json;
using System.Text.RegularExpressions;

namespace Deployments.Web.Feeds;

/// <summary>What the indexes of gems say of one: read from the YAML that RubyGems writes into it.</summary>
sealed record GemSpecification
{
    /// <summary>Its name.</summary>
    public string Name { get; init; } = "";

    /// <summary>Its version.</summary>
    public string Version { get; init; } = "";

    /// <summary>Its platform; <c>ruby</c> where it runs on any.</summary>
    public string Platform { get; init; } = "ruby";

    /// <summary>One line.</summary>
    public string Summary { get; init; } = "";

    /// <summary>More lines; null where there are none.</summary>
    public string? Description { get; init; }

    /// <summary>The authors.</summary>
    public string[] Authors { get; init; } = [];

    /// <summary>Their mail addresses.</summary>
    public string[] Email { get; init; } = [];

    /// <summary>An address; null where there is none.</summary>
    public string? Homepage { get; init; }

    /// <summary>Names of licences.</summary>
    public string[] Licenses { get; init; } = [];

    /// <summary>The versions of Ruby that it runs on.</summary>
    public GemRequirement[] Ruby { get; init; } = [];

    /// <summary>The versions of RubyGems that can install it.</summary>
    public GemRequirement[] RubyGems { get; init; } = [];

    /// <summary>What it needs.</summary>
    public GemDependency[] Dependencies { get; init; } = [];

    /// <summary>The SHA-256 of the gem, in lower-case hex.</summary>
    public string Sha256 { get; init; } = "";

    /// <summary>The version, with the platform where it is not for any.</summary>
    public string FullVersion => Platform == "ruby" ? Version : $"{Version}-{Platform}";

    /// <summary>Reads a gem's metadata; null when it is none.</summary>
    public static GemSpecification? ReadOrNull(string metadata, string sha256)
    {
        if (BlockYaml.ReadOrNull(metadata) is not Dictionary<string, object?> gem)
            return null;
        return new GemSpecification
        {
            Name = Text(gem, "name") ?? "",
            Version = VersionOf(gem.GetValueOrDefault("version")) ?? "",
            Platform = Text(gem, "platform") is { Length: > 0 } platform ? platform : "ruby",
            Summary = Text(gem, "summary") ?? "",
            Description = Text(gem, "description"),
            Authors = Texts(gem, "authors"),
            Email = Texts(gem, "email"),
            Homepage = Text(gem, "homepage"),
            Licenses = Texts(gem, "licenses"),
            Ruby = Requirements(gem.GetValueOrDefault("required_ruby_version")),
            RubyGems = Requirements(gem.GetValueOrDefault("required_rubygems_version")),
            Dependencies = [.. (gem.GetValueOrDefault("dependencies") as List<object?> ?? [])
                .OfType<Dictionary<string, object?>>().Where(one => Text(one, "name") is { Length: > 0 })
                .Select(one => new GemDependency(
                    Text(one, "name")!, (Text(one, "type") ?? "").TrimStart(':') == "development",
                    Requirements(
                        one.GetValueOrDefault("requirement") ?? one.GetValueOrDefault("version_requirements"))))],
            Sha256 = sha256,
        };
    }

    /// <summary>As it is kept.</summary>
    public string ToJson() => JsonSerializer.Serialize(this);

    /// <summary>As it was kept.</summary>
    public static GemSpecification FromJson(string json) => JsonSerializer.Deserialize<GemSpecification>(json)!;

    static string? Text(Dictionary<string, object?> map, string key) => map.GetValueOrDefault(key) as string;

    static string[] Texts(Dictionary<string, object?> map, string key) => map.GetValueOrDefault(key) switch
    {
        string one => [one],
        List<object?> list => [.. list.OfType<string>()],
        _ => [],
    };

    static string? VersionOf(object? node) => node as string
        ?? (node is Dictionary<string, object?> map ? map.GetValueOrDefault("version") as string : null);

    static GemRequirement[] Requirements(object? node) =>
        node is Dictionary<string, object?> map && map.GetValueOrDefault("requirements") is List<object?> list
            ? [.. list.OfType<List<object?>>().Where(pair => pair is [string, not null])
                .Select(pair => new GemRequirement((string)pair[0]!, VersionOf(pair[1]) ?? "0"))]
            : [];
}

/// <summary>A condition on a version: <c>~&gt; 1.2</c>.</summary>
sealed record GemRequirement(string Operator, string Version);

/// <summary>What a gem needs.</summary>
sealed record GemDependency(string Name, bool IsForDevelopment, GemRequirement[] Requirements);
