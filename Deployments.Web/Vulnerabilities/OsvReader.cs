using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Deployments.Data.Findings;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Feeds;

namespace Deployments.Web.Vulnerabilities;

/// <summary>
/// Reads one OSV advisory into what the database matches with. Pure, and made for documents of strangers: everything
/// has a limit, and what is not understood is refused with a reason rather than guessed.
/// See: https://ossf.github.io/osv-schema/.
/// </summary>
sealed partial class OsvReader(FeedTypeCatalog types)
{
    /// <summary>The largest advisory that is read, in bytes.</summary>
    public const int AdvisoryBytesMax = 16 << 20;

    // Several times what the largest real advisories have.
    const int PackagesMax = 5_000;
    const int EventsMax = 20_000;
    const int VersionsMax = 100_000;
    const int AliasesMax = 200;
    const int ReferencesMax = 100;
    const int NameLengthMax = 500;
    const int SummaryLengthMax = 1_000;
    const int DetailsLengthMax = 50_000;
    const int UrlLengthMax = 2_000;
    const int ImportsMax = 1_000; // of one module
    const int SymbolsMax = 5_000; // of one package

    static readonly JsonDocumentOptions Limits = new() { MaxDepth = 32 };

    /// <summary>Reads an advisory.</summary>
    /// <exception cref="FormatException">It is none; the message says why, for an administrator to read.</exception>
    public NewAdvisory Read(ReadOnlyMemory<byte> json)
    {
        if (json.Length > AdvisoryBytesMax)
            throw new FormatException($"It is larger than {AdvisoryBytesMax >> 20} MB.");
        try
        {
            using var document = JsonDocument.Parse(json, Limits);
            return Read(document.RootElement);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The latter: half of a surrogate pair, which JSON can write and no text can hold.
            throw new FormatException($"It is not JSON as OSV writes it. {exception.Message}", exception);
        }
    }

    NewAdvisory Read(JsonElement advisory)
    {
        if (advisory.ValueKind != JsonValueKind.Object)
            throw new FormatException("An advisory is a JSON object.");
        var id = Text(advisory, "id") ?? "";
        if (!Id().IsMatch(id))
            throw new FormatException("id is missing or not an advisory id.");
        var modified = Time(advisory, "modified")
            ?? throw new FormatException("modified is missing or not a time.");
        var entries = Items(advisory, "affected").ToList();
        if (entries.Count > PackagesMax)
            throw new FormatException($"It names more than {PackagesMax} packages.");

        var budget = new Budget();
        var severity = SeverityOf(advisory, entries, id);
        var details = Clean(Text(advisory, "details") ?? "", int.MaxValue);
        return new NewAdvisory
        {
            Id = id,
            Modified = modified,
            Published = Time(advisory, "published"),
            Withdrawn = Time(advisory, "withdrawn"),
            Summary = Clean(Text(advisory, "summary") ?? "", SummaryLengthMax),
            Details = details.Length > DetailsLengthMax
                ? Clean(details, DetailsLengthMax) + "\n\n*(The text goes on in the original.)*"
                : details,
            Severity = severity.Level,
            Score = severity.Score,
            SeveritySource = Clean(severity.Source, NameLengthMax),
            Aliases = [.. Texts(advisory, "aliases").Where(alias => Id().IsMatch(alias)).Take(AliasesMax)
                .Where(alias => alias != id).Distinct(StringComparer.Ordinal)],
            References = [.. Items(advisory, "references").Select(item => Text(item, "url")).OfType<string>()
                .Where(IsWebAddress).Take(ReferencesMax).Distinct(StringComparer.Ordinal)],
            Packages = [.. entries.Select(entry => PackageOrNull(entry, budget)).OfType<AffectedPackage>()],
        };
    }

    AffectedPackage? PackageOrNull(JsonElement entry, Budget budget)
    {
        if (!TryGet(entry, "package", JsonValueKind.Object, out var package)
            || Text(package, "name") is not { Length: > 0 and <= NameLengthMax } name
            || Text(package, "ecosystem") is not { Length: > 0 and <= NameLengthMax } ecosystem)
            return null;
        var (baseName, release) = OsvEcosystem.Split(ecosystem);
        if (OsvEcosystem.FindOrNull(baseName, types) is not { } known)
            return null;

        var ranges = new List<AffectedRange>();
        foreach (var range in Items(entry, "ranges").Where(range => Text(range, "type") is "SEMVER" or "ECOSYSTEM"))
            ranges.AddRange(OsvRange.Read(Events(range, budget), known.Order));
        var versions = Texts(entry, "versions").Where(text => text.Length is > 0 and <= NameLengthMax)
            .Distinct(StringComparer.Ordinal).Select(text => new AffectedVersion(Clean(text, NameLengthMax),
                known.Order.SortKey(text))).ToList();
        budget.Versions(versions.Count);
        var keys = known.KeysOf(Clean(name, NameLengthMax));
        return new AffectedPackage(
            Clean(ecosystem, NameLengthMax), Clean(release, NameLengthMax), known.Type, keys.Group, keys.Name,
            Clean(name, NameLengthMax), ranges, versions, ImportsOrNull(entry))
        {
            NamesSource = known.NamesSource,
        };
    }

    // Only what is understood is kept; without it, a whole module is affected.
    static string? ImportsOrNull(JsonElement entry)
    {
        if (!TryGet(entry, "ecosystem_specific", JsonValueKind.Object, out var specific))
            return null;
        var imports = Items(specific, "imports").Where(item => Text(item, "path") is { Length: > 0 }).Take(ImportsMax)
            .Select(item => new JsonObject
            {
                ["path"] = Clean(Text(item, "path")!, NameLengthMax),
                ["goos"] = Words(item, "goos"),
                ["goarch"] = Words(item, "goarch"),
                ["symbols"] = Words(item, "symbols"),
            }).ToArray<JsonNode>();
        return imports.Length == 0 ? null : new JsonArray(imports).ToJsonString();

        static JsonArray? Words(JsonElement item, string name) =>
            Texts(item, name).Take(SymbolsMax).Select(word => (JsonNode)Clean(word, NameLengthMax)).ToArray()
                is { Length: > 0 } words ? new JsonArray(words) : null;
    }

    static List<(string Kind, string Version)> Events(JsonElement range, Budget budget)
    {
        var events = new List<(string, string)>();
        foreach (var item in Items(range, "events").Where(item => item.ValueKind == JsonValueKind.Object))
        {
            foreach (var property in item.EnumerateObject().Where(property =>
                property.Name is "introduced" or "fixed" or "last_affected" or "limit"
                && property.Value.ValueKind == JsonValueKind.String))
            {
                budget.Event();
                events.Add((property.Name, Clean(property.Value.GetString()!, NameLengthMax)));
            }
        }

        return events;
    }

    // An entry's own severity overrides that of the whole; of several packages the worst counts.
    static Severity SeverityOf(JsonElement advisory, List<JsonElement> entries, string id)
    {
        if (id.StartsWith("MAL-", StringComparison.OrdinalIgnoreCase))
            return new Severity(SeverityLevel.Critical, null, "malicious package");
        var general = VectorOrNull(advisory);
        var word = TryGet(advisory, "database_specific", JsonValueKind.Object, out var specific)
            ? Severity.OfWord(Text(specific, "severity") ?? "") : Severity.Unknown;
        if (word.Level == SeverityLevel.Unknown)
        {
            word = Items(advisory, "severity").Where(item => Text(item, "type") == "Ubuntu")
                .Select(item => Severity.OfWord(Text(item, "score") ?? "")).FirstOrDefault(Severity.Unknown);
        }

        return entries.Select(entry => VectorOrNull(entry) ?? general).OfType<Severity>()
            .OrderByDescending(severity => severity.Score).FirstOrDefault() ?? general ?? word;
    }

    // The newest version of CVSS that is given: its number says most about how the vector was meant.
    static Severity? VectorOrNull(JsonElement holder) => Items(holder, "severity")
        .Select(item => Severity.OfVectorOrNull(Text(item, "score") ?? "")).OfType<Severity>()
        .OrderByDescending(severity => severity.Source, StringComparer.Ordinal).FirstOrDefault();

    static DateTimeOffset? Time(JsonElement holder, string name)
    {
        // Up to nine digits of a second occur; PostgreSQL keeps six.
        return Text(holder, name) is { Length: <= 40 } text
            && DateTimeOffset.TryParse(Fraction().Replace(text, "$1"), CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? new DateTimeOffset(time.Ticks - (time.Ticks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero)
            : null;
    }

    static bool TryGet(JsonElement holder, string name, JsonValueKind kind, out JsonElement value)
    {
        value = default;
        return holder.ValueKind == JsonValueKind.Object && holder.TryGetProperty(name, out value)
            && value.ValueKind == kind;
    }

    static JsonElement.ArrayEnumerator Items(JsonElement holder, string name) =>
        TryGet(holder, name, JsonValueKind.Array, out var items) ? items.EnumerateArray() : default;

    static string? Text(JsonElement holder, string name) =>
        TryGet(holder, name, JsonValueKind.String, out var text) ? text.GetString() : null;

    static IEnumerable<string> Texts(JsonElement holder, string name) => Items(holder, name)
        .Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!);

    static bool IsWebAddress(string url) => url.Length <= UrlLengthMax
        && !url.Any(char.IsControl)
        && Uri.TryCreate(url, UriKind.Absolute, out var address)
        && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps);

    // PostgreSQL stores no zero byte; a cut must not halve a surrogate pair.
    static string Clean(string text, int lengthMax)
    {
        var clean = text.Replace("\0", "", StringComparison.Ordinal);
        if (clean.Length <= lengthMax)
            return clean;
        return clean[..(char.IsHighSurrogate(clean[lengthMax - 1]) ? lengthMax - 1 : lengthMax)];
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._:+-]{0,99}\z")]
    private static partial Regex Id();

    [GeneratedRegex(@"(\.[0-9]{6})[0-9]+")]
    private static partial Regex Fraction();

    /// <summary>How much one advisory has spent of what an advisory may hold.</summary>
    sealed class Budget
    {
        int events;
        int versions;

        public void Event()
        {
            if (++events > EventsMax)
                throw new FormatException($"Its ranges have more than {EventsMax} events.");
        }

        public void Versions(int count)
        {
            if ((versions += count) > VersionsMax)
                throw new FormatException($"It lists more than {VersionsMax} versions.");
        }
    }
}
