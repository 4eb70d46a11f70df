using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Console;

namespace Deployments.Web.Settings;

/// <summary>
/// Looks at what was set before it is read: a value that is none of its kind is told in one sentence, a name that does
/// not exist with the nearest that does. Pure. Values of secrets are never told.
/// </summary>
static class SettingsCheck
{
    const string Section = "Deployments";
    const int NearMax = 4; // letters that a mistyped name may differ in

    static readonly string[] Formatters = [
        ConsoleFormatterNames.Simple, ConsoleFormatterNames.Json, ConsoleFormatterNames.Systemd];
    static readonly string[] Secrets =
        ["Password", "AdminPassword", "ApiKey", "MetricsKey", "ClientSecret", "BindPassword"];

    /// <summary>What is wrong, a sentence for each setting; empty when nothing is.</summary>
    public static IReadOnlyList<string> Problems(IConfiguration configuration) =>
    [
        .. Settings(configuration).Select(setting => ProblemOrNull(setting.Name, setting.Value, setting.Type))
            .Concat(configuration.GetSection("Logging:LogLevel").GetChildren().Select(LevelProblemOrNull))
            .Concat(configuration.GetSection("Logging:Console:LogLevel").GetChildren().Select(LevelProblemOrNull))
            .Append(FormatterProblemOrNull(configuration["Logging:Console:FormatterName"]))
            .Append(AddressProblemOrNull(configuration["urls"]))
            .Append(DatabaseProblemOrNull(configuration.GetConnectionString(Section)))
            .Append(CollectorProblemOrNull(configuration, "OTEL_EXPORTER_OTLP_ENDPOINT"))
            .Append(CollectorProblemOrNull(configuration, "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"))
            .Append(ForwardedProblemOrNull(configuration["FORWARDEDHEADERS_ENABLED"])).OfType<string>(),
    ];

    /// <summary>Names that are no setting, each with the nearest one that is.</summary>
    public static IEnumerable<string> Unknown(IConfiguration configuration)
    {
        var known = Known(configuration).Keys.ToList();
        foreach (var (key, value) in configuration.GetSection(Section).AsEnumerable(makePathsRelative: true))
        {
            if (value is null || known.Contains(WithoutFile(key), StringComparer.OrdinalIgnoreCase))
                continue;
            var nearest = known.MinBy(name => Distance(name, key))!;
            yield return $"There is no setting {Variable(key)}"
                + (Distance(nearest, key) <= NearMax ? $"; did you mean {Variable(nearest)}?" : ".");
        }
    }

    /// <summary>
    /// Every setting that may be read from a file, by its whole key; of what there can be several, such as providers,
    /// those that are named.
    /// </summary>
    public static IReadOnlyCollection<string> KeysOf(IConfiguration configuration) =>
        [.. Known(configuration).Keys.Select(name => $"{Section}:{name}"), $"ConnectionStrings:{Section}"];

    /// <summary>The name of the environment variable.</summary>
    public static string Variable(string key) =>
        $"{Section}__{key.Replace(":", "__", StringComparison.Ordinal)}";

    /// <summary>A sentence about a setting: its variable, its value, what is allowed.</summary>
    public static string Sentence(string key, string? value, string allowed) =>
        $"{Variable(key)} is {Shown(key, value)}; {allowed}.";

    static IEnumerable<(string Name, string Value, Type Type)> Settings(IConfiguration configuration) =>
        from pair in Known(configuration)
        let value = configuration[$"{Section}:{pair.Key}"]
        where value is not null
        select (pair.Key, value, pair.Value);

    static Dictionary<string, Type> Known(IConfiguration configuration) => typeof(DeploymentsSettings).GetProperties()
        .SelectMany(property => NamedTypeOrNull(property.PropertyType) is { } named
            ? configuration.GetSection($"{Section}:{property.Name}").GetChildren()
                .SelectMany(child => Inner($"{property.Name}:{child.Key}", named))
            : IsSection(property.PropertyType) ? Inner(property.Name, property.PropertyType)
            : [(property.Name, property.PropertyType)])
        .ToDictionary(pair => pair.Name, pair => pair.PropertyType, StringComparer.OrdinalIgnoreCase);

    static IEnumerable<(string Name, Type PropertyType)> Inner(string name, Type section) =>
        section.GetProperties().Where(inner => inner.CanWrite)
            .Select(inner => ($"{name}:{inner.Name}", inner.PropertyType));

    /// <summary>What a setting is of which there can be several, each with a name; null: it is none of these.</summary>
    internal static Type? NamedTypeOrNull(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Dictionary<,>)
            ? type.GetGenericArguments()[1]
            : null;

    static string WithoutFile(string key) =>
        key.EndsWith(":File", StringComparison.OrdinalIgnoreCase) ? key[..^":File".Length] : key;

    static bool IsSection(Type type) => type.Namespace == typeof(SettingsCheck).Namespace;

    static string? ProblemOrNull(string name, string value, Type type)
    {
        var invariant = CultureInfo.InvariantCulture;
        var allowed = type switch
        {
            _ when type == typeof(bool) && !bool.TryParse(value, out _) => "it must be true or false",
            _ when type == typeof(int) && !int.TryParse(value, NumberStyles.AllowLeadingSign, invariant, out _) =>
                "it must be a whole number",
            _ when type == typeof(long) && !long.TryParse(value, NumberStyles.AllowLeadingSign, invariant, out _) =>
                "it must be a whole number",
            _ when type == typeof(Uri) && !Uri.TryCreate(value, UriKind.Absolute, out _) =>
                "it must be an address such as https://deployments.example.com/",
            _ when name == nameof(DeploymentsSettings.KnownProxies)
                && (value.Trim().Length == 0 || KnownProxies.ReadOrNull(value) is null) =>
                "it must be addresses or networks such as 10.0.0.5, 10.1.0.0/16",
            _ when type == typeof(string) && value.Trim().Length == 0 => "give it a value, or leave it out",
            _ => null,
        };
        return allowed is null ? null : Sentence(name, value, allowed);
    }

    static string? LevelProblemOrNull(IConfigurationSection level) =>
        level.Value is null || Enum.GetNames<LogLevel>().Contains(level.Value, StringComparer.OrdinalIgnoreCase)
            ? null
            : $"{level.Path.Replace(":", "__", StringComparison.Ordinal)} is {Shown("", level.Value)}; it must be "
                + string.Join(", ", Enum.GetNames<LogLevel>()[..^1]) + " or None.";

    static string? FormatterProblemOrNull(string? name) =>
        name is null || Formatters.Contains(name, StringComparer.OrdinalIgnoreCase)
            ? null
            : $"Logging__Console__FormatterName is {Shown("", name)}; it must be {string.Join(", ", Formatters[..^1])} "
                + $"or {Formatters[^1]}.";

    // Not taken for the private PostgreSQL: that would be another database than the one that was meant.
    static string? DatabaseProblemOrNull(string? connectionString) =>
        connectionString is null || connectionString.Trim().Length > 0
            ? null
            : $"ConnectionStrings__{Section} is empty; give it a value, or leave it out for a private PostgreSQL.";

    static string? AddressProblemOrNull(string? urls)
    {
        foreach (var url in urls?.Split(';') ?? [])
        {
            try
            {
                if (BindingAddress.Parse(url.Trim()) is
                    { Scheme: "http" or "https", PathBase: "", Port: >= 0 and <= 65535 })
                    continue;
            }
            catch (FormatException)
            {
                // Told below.
            }

            return $"ASPNETCORE_URLS is {Shown("", url)}; it must be an address such as http://127.0.0.1:8624.";
        }

        return null;
    }

    // OpenTelemetry's own library would say nothing, and send to another place.
    static string? CollectorProblemOrNull(IConfiguration configuration, string name) =>
        configuration[name] is not { Length: > 0 } url
            || Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? null
            : $"{name} is {Shown("", url)}; it must be an address such as http://127.0.0.1:4317.";

    // ASP.NET's own switch believes whoever sends these headers.
    static string? ForwardedProblemOrNull(string? enabled) =>
        string.Equals(enabled, "true", StringComparison.OrdinalIgnoreCase)
            ? "ASPNETCORE_FORWARDEDHEADERS_ENABLED is 'true'; name the proxies in Deployments__KnownProxies instead."
            : null;

    static string Shown(string key, string? value) =>
        string.IsNullOrWhiteSpace(value) ? "empty"
        : Secrets.Contains(key.Split(':')[^1], StringComparer.OrdinalIgnoreCase) ? "set, but not as it must be"
        : Quoted(value);

    /// <summary>A value as it is told: no longer than a line, and nothing in it that moves a cursor.</summary>
    internal static string Quoted(string value) =>
        $"'{new string([.. value.Take(200).Select(letter => char.IsControl(letter) ? '\ufffd' : letter)])}'";

    /// <summary>How many letters to add, drop or change to make one of the other, in any case.</summary>
    static int Distance(string one, string other)
    {
        var row = Enumerable.Range(0, other.Length + 1).ToArray();
        for (var i = 1; i <= one.Length; i++)
        {
            var corner = row[0];
            row[0] = i;
            for (var j = 1; j <= other.Length; j++)
            {
                var change = corner
                    + (char.ToUpperInvariant(one[i - 1]) == char.ToUpperInvariant(other[j - 1]) ? 0 : 1);
                corner = row[j];
                row[j] = Math.Min(change, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
