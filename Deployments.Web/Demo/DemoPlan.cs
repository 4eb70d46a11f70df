using Deployments.Data.Records;
using Deployments.Web.Feeds;

namespace Deployments.Web.Demo;

/// <summary>
/// An invented history: releases that go from development over test and staging to production, some of them rolled
/// back or deployed again. The same for the same clock, types and size. Pure.
/// </summary>
/// <param name="types">The feed types; each has packages.</param>
/// <param name="now">The end of the history; it begins 18 months before.</param>
/// <param name="records">How many deployments.</param>
sealed class DemoPlan(IReadOnlyList<IFeedType> types, DateTimeOffset now, int records)
{
    const int PackagesTotal = 60;
    const double Spare = 1.04; // so that there are enough; the oldest ones beyond are left out
    const int Days = 590; // less what is left out: some 18 months

    static readonly string[] People =
    [
        "a.kovacs", "b.lindqvist", "c.okafor", "d.moreau", "e.tanaka", "f.silva", "g.novak", "h.jansen", "i.romano",
        "j.weiss", "k.olsen", "l.haddad",
    ];

    static readonly string[] Changes =
    [
        "faster search", "new price list", "certificate renewed", "smaller memory footprint", "retries with back-off",
        "clearer error messages", "database migration", "time zones on labels", "audit trail", "bulk upload",
        "fix of rounding", "library updates", "Größen in Zentimetern", "keyboard shortcuts", "paging of long lists",
    ];

    readonly Random random = new(20260131);
    readonly List<DemoDeployment> deployments = [];

    /// <summary>The deployments, oldest first.</summary>
    public IReadOnlyList<DemoDeployment> Deployments()
    {
        var perType = Math.Max(1, (int)Math.Ceiling(PackagesTotal / (double)types.Count));
        var packages = types.SelectMany(type =>
            DemoPackages.Names(type.Key, perType).Select(name => (Type: type, Name: name))).ToArray();
        for (var i = 0; i < packages.Length; i++)
            AddPackage(packages[i].Type, packages[i].Name, i, Spare * records / packages.Length);

        var ordered = deployments.OrderBy(d => d.At).ThenBy(d => d.Target, StringComparer.Ordinal)
            .ThenBy(d => d.Package.Name, StringComparer.Ordinal).ToArray();
        return ordered[Math.Max(0, ordered.Length - records)..];
    }

    void AddPackage(IFeedType type, string name, int index, double count)
    {
        var role = Role(type.Key, index);
        var releases = (int)Math.Ceiling(count / RecordsPerRelease(role)) + 1;
        var tools = role is "web" or "app" ? DemoTool.ForWindows : DemoTool.ForLinux;
        var version = new DemoVersion(1 + index % 4, index % 7, 0, 0);
        string? inProduction = null;
        var daysAgo = Enumerable.Range(0, releases)
            .Select(_ => Days * Math.Pow(random.NextDouble(), 0.85)).OrderDescending();
        foreach (var days in daysAgo)
        {
            version = version.Next(random);
            // The tool of the package, now and then another one.
            var tool = tools[(random.Next(10) == 0 ? random.Next(tools.Count) : index) % tools.Count];
            var release = new Release(type, name, role, tool, People[(index + random.Next(3)) % People.Length],
                version.Write(type), random.Next(1000, 9999), Changes[random.Next(Changes.Length)],
                random.Next(10) < 7);
            inProduction = AddRelease(release, WorkingHour(now.AddDays(-days)), version.Candidate > 0, inProduction);
        }
    }

    /// <returns>The version in production afterwards.</returns>
    string? AddRelease(Release release, DateTimeOffset at, bool isCandidate, string? before)
    {
        Wave(release, "dev", at, $"Build {release.Ticket} for development");
        at = at.AddMinutes(random.Next(45, 300));
        Wave(release, "test", at, $"{release.Version} for test: {release.Change}");
        if (random.Next(100) >= (isCandidate ? 40 : 75))
            return before;

        at = WorkingHour(at.AddHours(random.Next(18, 60) * Pace(at)));
        Wave(release, "staging", at, $"Release {release.Version} to staging: {release.Change}");
        if (isCandidate || random.Next(100) >= 70)
            return before;

        at = WorkingHour(at.AddHours(random.Next(20, 120) * Pace(at)));
        Wave(release, "production", at, $"OPS-{release.Ticket}: release {release.Version}, {release.Change}");
        switch (random.Next(100))
        {
            case var luck when luck < 6 * Pace(at) - 1 && before is not null:
                Wave(release with { Version = before }, "production", at.AddMinutes(random.Next(30, 400)),
                    $"OPS-{release.Ticket}: back to {before}, error rate after {release.Version}");
                return before;
            case < 11:
                Wave(release, "production", at.AddMinutes(random.Next(60, 600)),
                    $"OPS-{release.Ticket}: once more, settings changed");
                break;
        }

        return release.Version;
    }

    /// <summary>The company learns: waiting and faults become fewer, from one and a half times to half.</summary>
    double Pace(DateTimeOffset at) => 0.5 + ((now - at).TotalDays / Days);

    /// <summary>One version to the servers of one environment, one after the other.</summary>
    void Wave(Release release, string environment, DateTimeOffset at, string description)
    {
        var url = release.HasUrl ? $"https://ci.meridian.example/builds/{release.Ticket}" : null;
        var isAutomatic = environment is "dev" or "test" && random.Next(3) > 0;
        var road = random.Next(100) switch
        {
            < 80 => RecordRoad.Header,
            < 93 => RecordRoad.Api,
            < 98 => RecordRoad.Batch,
            _ => RecordRoad.Manual,
        };
        var package = release.Type.FromNames(
            DemoPackages.Group(release.Type.Key), release.Name, release.Version);
        foreach (var target in DemoFleet.Of(environment, release.Role))
        {
            at = at.AddSeconds(random.Next(20, 240));
            if (at >= now)
                return;
            deployments.Add(new DemoDeployment(at, release.Type.Key, package, target, release.Tool,
                isAutomatic ? "svc-deploy" : release.User, description, url, road));
        }
    }

    /// <summary>The same day or the next working day, between 7 and 17 o'clock.</summary>
    DateTimeOffset WorkingHour(DateTimeOffset at)
    {
        var day = new DateTimeOffset(at.UtcDateTime.Date, TimeSpan.Zero);
        // Now and then somebody works on a Saturday.
        while (day.DayOfWeek is DayOfWeek.Sunday || (day.DayOfWeek is DayOfWeek.Saturday && random.Next(8) > 0))
            day = day.AddDays(1);
        return day.AddSeconds(random.Next(7 * 3600, 17 * 3600));
    }

    /// <summary>
    /// How many servers a release reaches on average: two of three get to staging, two of five further.
    /// </summary>
    static double RecordsPerRelease(string role) =>
        DemoFleet.Of("dev", role).Count + DemoFleet.Of("test", role).Count
        + (0.65 * DemoFleet.Of("staging", role).Count) + (0.4 * DemoFleet.Of("production", role).Count);

    static string Role(string feedType, int index) => feedType switch
    {
        "nuget" or "chocolatey" or "powershell" or "vsix" or "asset" => index % 2 == 0 ? "web" : "app",
        "npm" => "web",
        "universal" => (index % 4) switch { 0 => "app", 1 => "db", _ => "web" },
        "debian" or "rpm" or "apk" => index % 2 == 0 ? "db" : "api",
        _ => "api",
    };

    sealed record Release(
        IFeedType Type, string Name, string Role, DemoTool Tool, string User, string Version, int Ticket, string Change,
        bool HasUrl);
}

/// <summary>A version of an invented package.</summary>
/// <param name="Major">First number.</param>
/// <param name="Minor">Second number.</param>
/// <param name="Patch">Third number.</param>
/// <param name="Candidate">Which candidate for it, from 1; 0 for the release itself.</param>
sealed record DemoVersion(int Major, int Minor, int Patch, int Candidate)
{
    /// <summary>A version after this one: mostly a patch, now and then a minor one, by way of candidates.</summary>
    public DemoVersion Next(Random random)
    {
        if (Candidate > 0)
            return this with { Candidate = random.Next(2) == 0 ? Candidate + 1 : 0 };
        return random.Next(100) switch
        {
            < 62 => this with { Patch = Patch + 1 },
            < 97 => new DemoVersion(Major, Minor + 1, 0, random.Next(3) == 0 ? 1 : 0),
            _ => new DemoVersion(Major + 1, 0, 0, 1),
        };
    }

    /// <summary>As the ecosystem writes it.</summary>
    public string Write(IFeedType type) => DemoPackages.Version(
        type, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Major}.{Minor}.{Patch}"), Candidate);
}
