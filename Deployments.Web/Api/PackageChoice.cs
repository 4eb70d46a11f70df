using Deployments.Web.Feeds;

namespace Deployments.Web.Api;

/// <summary>
/// Which package a caller of ProGet's packages API means: <c>name</c>, <c>group</c>, <c>version</c> and
/// <c>qualifier</c>, or a package URL.
/// </summary>
sealed record PackageChoice
{
    const int LengthMax = 2_000;

    // Where a package lies in a repository; no part of what it is.
    static readonly string[] PlaceKeys = ["distro", "distribution", "component", "repository_url", "checksum"];

    // What an absent qualifier means to the clients that always name one.
    static readonly string[] Defaults = ["", "ruby", "jar"];

    /// <summary>The package; its version may be empty or one of the words for the newest.</summary>
    public required PackageCoordinates Package { get; init; }

    /// <summary>Its normalised group and name.</summary>
    public required PackageKeys Keys { get; init; }

    /// <summary>What else was said to tell the files of a version apart.</summary>
    public required IReadOnlyList<(string Key, string Value)> Qualifiers { get; init; }

    /// <summary>Where it is to be found in a repository: <c>distro</c>, <c>component</c>.</summary>
    public required IReadOnlyList<(string Key, string Value)> Places { get; init; }

    /// <summary>
    /// Which newest version is asked for: <c>latest</c>, <c>latest-stable</c> or <c>latest-unstable</c>; null when
    /// the version is named.
    /// </summary>
    public string? Newest => Package.Version.ToLowerInvariant() is var word
        && word is "latest" or "latest-stable" or "latest-unstable" ? word : null;

    /// <summary>The package with its qualifiers; without a version where the newest is asked for.</summary>
    public PackageCoordinates Exact => Package with
    {
        Version = Newest is null ? Package.Version : "",
        Qualifier = PackageCoordinates.QualifierOf(
            Qualifiers.Where(pair => !Defaults.Contains(pair.Value)).DistinctBy(pair => pair.Key)),
    };

    /// <summary>The package with everything that was said of it, its place in a repository too.</summary>
    public PackageCoordinates Located => Exact with
    {
        Qualifier = PackageCoordinates.QualifierOf(Qualifiers.Concat(Places).DistinctBy(pair => pair.Key)),
    };

    /// <summary>Reads the query; null when it names no package.</summary>
    /// <exception cref="ApiRefusal">400: it names one in a way that cannot be understood.</exception>
    public static PackageChoice? ReadOrNull(IQueryCollection query, IFeedType type)
    {
        var (group, name, version) = (Text(query, "group"), Text(query, "name"), Text(query, "version"));
        var qualifiers = PackageUrlParts.Pairs(Text(query, "qualifier")).ToList();
        if (Text(query, "purl") is { Length: > 0 } purl)
        {
            if (name.Length > 0)
                throw ApiRefusal.Invalid("purl", "is given beside a name");
            (group, name, version, qualifiers) = ReadPurl(purl, type);
        }

        if (name.Length == 0)
            return null;
        var package = type.FromNames(group, name, version);
        return new PackageChoice
        {
            Package = package,
            Keys = type.Normalize(package),
            Qualifiers = [.. qualifiers.Where(pair => !PlaceKeys.Contains(pair.Key))],
            Places = [.. qualifiers.Where(pair => PlaceKeys.Contains(pair.Key))
                .Select(pair => (pair.Key == "distribution" ? "distro" : pair.Key, pair.Value))],
        };
    }

    /// <summary>Reads the query, which must name a package and its version.</summary>
    /// <exception cref="ApiRefusal">400: it does not.</exception>
    public static PackageChoice Read(IQueryCollection query, IFeedType type)
    {
        var choice = ReadOrNull(query, type) ?? throw ApiRefusal.Invalid("name", "is required");
        return choice.Package.Version.Length > 0 ? choice : throw ApiRefusal.Invalid("version", "is required");
    }

    /// <summary>A query parameter without control characters; "" when it is not there.</summary>
    /// <exception cref="ApiRefusal">400: it is too long, or given twice.</exception>
    public static string Text(IQueryCollection query, string name)
    {
        var values = query[name];
        if (values.Count > 1)
            throw ApiRefusal.Invalid(name, $"is given {values.Count} times");
        var text = values.ToString().Trim();
        return text.Length <= LengthMax && !text.Any(char.IsControl)
            ? text
            : throw ApiRefusal.Invalid(name, "is too long or has control characters");
    }

    /// <summary>Whether this is the package by group and name.</summary>
    public bool IsOf(PackageKeys keys) => keys.Group == Keys.Group && keys.Name == Keys.Name;

    /// <summary>
    /// The files that are meant, of those of the package. Several when the qualifiers do not tell them apart.
    /// </summary>
    public IReadOnlyList<T> Choose<T>(IEnumerable<T> files, Func<T, PackageCoordinates> packageOf, IFeedType type)
    {
        var all = files.ToList();
        var wanted = Newest is { } word
            ? NewestOf(all.Select(file => packageOf(file).Version), word, type)
            : Package.Version;
        if (wanted is null)
            return [];
        var key = VersionKey(wanted);
        var chosen = all.Where(file => VersionKey(packageOf(file).Version) == key && HasQualifiers(packageOf(file)))
            .ToList();
        // Without qualifiers, the file that needs none.
        return chosen.Count > 1 && Qualifiers.Count == 0
            && chosen.Where(file => packageOf(file).Qualifier.Length == 0).ToList() is [var plain] ? [plain] : chosen;

        string VersionKey(string version) => type.Normalize(Package with { Version = version }).Version;
    }

    /// <summary>The newest of some versions; null when there is none of the kind.</summary>
    /// <param name="versions">The versions.</param>
    /// <param name="word">
    /// <c>latest-stable</c>: no pre-release; <c>latest-unstable</c>: the highest of all; <c>latest</c>: the highest
    /// that is no pre-release, or else the highest.
    /// </param>
    /// <param name="type">Knows the order.</param>
    public static string? NewestOf(IEnumerable<string> versions, string word, IFeedType type)
    {
        var all = versions.OrderBy(type.VersionOrder.SortKey, KeyOrder).ToList();
        return word == "latest-unstable"
            ? all.LastOrDefault()
            : all.LastOrDefault(version => !type.IsPrerelease(version))
                ?? (word == "latest" ? all.LastOrDefault() : null);
    }

    /// <summary>Orders sort keys bytewise; what has none comes first.</summary>
    public static IComparer<byte[]?> KeyOrder { get; } = Comparer<byte[]?>.Create((one, other) =>
        one is null || other is null
            ? (one is null ? 0 : 1) - (other is null ? 0 : 1)
            : one.AsSpan().SequenceCompareTo(other));

    bool HasQualifiers(PackageCoordinates package) => Qualifiers.All(wanted =>
        package.QualifierValue(wanted.Key) is { Length: > 0 } value
            ? value.Equals(wanted.Value, StringComparison.OrdinalIgnoreCase)
            : Defaults.Contains(wanted.Value));

    static (string Group, string Name, string Version, List<(string Key, string Value)>) ReadPurl(
        string purl, IFeedType type)
    {
        PackageUrlParts parts;
        try
        {
            parts = PackageUrlParts.Parse(purl);
        }
        catch (FormatException exception)
        {
            throw ApiRefusal.Invalid("purl", exception.Message);
        }

        if (!parts.Type.Equals(type.PackageType, StringComparison.Ordinal))
            throw ApiRefusal.Invalid("purl", $"must be that of a package of this feed: pkg:{type.PackageType}/name");
        // Maven writes groups with dots, which the purl keeps, and calls otherwise what is an extension here.
        return (parts.Namespace, parts.Name, parts.Version, [.. parts.Qualifiers.Select(pair =>
            type.PackageType == "maven" && pair.Key == "type" ? ("ext", pair.Value) : pair)]);
    }
}
