using System.Globalization;
using Deployments.Data.Accounts;
using Deployments.Data.Audit;
using Deployments.Data.Calendar;
using Deployments.Data.Groups;
using Deployments.Data.Packages;
using Deployments.Data.Records;
using Deployments.Data.Removals;
using Deployments.Data.TargetGroups;
using Deployments.Data.Vulnerabilities;
using Deployments.Tests.Notifications;
using Deployments.Tests.Support;
using Deployments.Tests.Vulnerabilities;
using Deployments.Web.Feeds;
using Deployments.Web.Groups;
using Npgsql;

namespace Deployments.Tests.Pages;

/// <summary>A year of an invented company, so that pages are looked at as they will be; the same in each run.</summary>
static class BelievableHistory
{
    public const string HostileTarget = "rack \u202e7 <b>ü</b> 🚀";

    static readonly string Hostile = string.Concat(Enumerable.Repeat("<b>gone</b> \u202e ", 40)) + new string('x', 300);

    static readonly string[] Targets =
    [
        "WEB-01", "WEB-02", "WEB-03", "WEB-04", "app-eu-1", "app-eu-2", "DB-01", "staging-01", "staging-02", "test-01",
    ];

    static readonly (string Feed, string Group, string Name, string[] Versions)[] Packages =
    [
        ("approved-nuget", "", "Accounts.Web",
            ["1.2.0", "1.3.0", "1.3.1", "1.4.0", "1.4.1", "1.5.0-rc.2", "1.4.2", "1.5.0"]),
        ("approved-nuget", "", "Billing.Service", ["3.0.0", "3.1.0", "3.2.0", "3.1.0", "3.3.0"]),
        ("approved-nuget", "", "Json.Tools", ["12.0.3", "13.0.1"]),
        ("npm", "@acme", "portal", ["2.0.0-beta.1", "2.0.0", "2.1.0", "2.1.1"]),
        ("maven", "org.acme", "billing", ["4.0.7", "4.1.0", "4.1.1"]),
        ("apps", "tools", "log-shipper", ["0.9.0", "0.10.0", "1.0.0"]),
    ];

    static readonly string[] Applications = ["BuildMaster", "OctopusDeploy", "Jenkins", "deploy.ps1"];
    static readonly string[] Users = ["jdoe", "m.keller", "build-agent", "a.okafor"];

    /// <summary>Writes the history; gives the id of a record with everything in it that could break a page.</summary>
    public static async Task<long> WriteAsync(TestApp app, DateTimeOffset now)
    {
        var feeds = new Dictionary<string, (int Id, IFeedType Type)>();
        foreach (var (name, type) in new[]
                 {
                     ("approved-nuget", "nuget"), ("npm", "npm"), ("maven", "maven"), ("apps", "universal"),
                 })
        {
            await app.CreateFeedAsync(name, type);
            await using var command = app.Database.DataSource.CreateCommand(
                "select feed_id from feeds where name = $1");
            command.Parameters.Add(new NpgsqlParameter { Value = name });
            feeds[name] = ((int)(await command.ExecuteScalarAsync())!, app.Service<FeedTypeCatalog>()[type]);
        }

        var random = new Random(7);
        var records = new List<NewRecord>();
        foreach (var (feed, group, name, versions) in Packages)
            foreach (var (v, version) in versions.Index())
                foreach (var (t, target) in Targets.Index())
                {
                    // A wave through the targets; not every package is everywhere, and the last wave is not through.
                    var day = -360 + (350.0 * (v + 1) / versions.Length) + (t * 0.6);
                    if ((t + name.Length) % 4 == 0 || (v == versions.Length - 1 && t is > 5 and < 8))
                        continue;
                    records.Add(Make(feeds[feed], records.Count, group, name, version, target,
                        now.AddDays(day).AddMinutes(-random.Next(600)), random));
                    if (random.Next(12) == 0)
                        records.Add(records[^1] with
                        {
                            Id = 1000 + records.Count,
                            DeployedAt = records[^1].DeployedAt.AddMinutes(17),
                        });
                }

        var hostile = Make(feeds["apps"], records.Count, "", "<i>x</i>\u202egnp.exe", "1.0.0", HostileTarget,
            now.AddMinutes(-3), random) with
        {
            Description = string.Concat(Enumerable.Repeat("<script>alert(1)</script> wörd 🚀 \u202e ", 50)),
            UserName = "jdoe\u202e",
            Application = new string('a', 200),
            RawHeaders = "X-ProGet-Deployment-Application: " + new string('a', 200),
        };
        records.Add(hostile);
        Promote(feeds["approved-nuget"], records, now, random);
        await app.Service<RecordStore>().RecordAsync(records, CancellationToken.None);
        await GroupAsync(app);
        await GrantAsync(app);
        await RemoveAsync(app, feeds["approved-nuget"], "Billing.Service", "DB-01", now.AddDays(-4), "Moved");
        await RemoveAsync(app, feeds["approved-nuget"], "Accounts.Web", "DB-01", now.AddDays(-30), "Wrong machine");
        await RemoveAsync(app, feeds["approved-nuget"], "Accounts.Web", "WEB-02", now.AddDays(-2), Hostile);
        await NotificationSeed.WriteAsync(app);
        var advisory = Osv.Advisory("GHSA-7f3q-2m9x-c4vh", "Accounts.Web", "1.3.0", "1.4.2");
        advisory["published"] = now.AddDays(-100).ToString("O", CultureInfo.InvariantCulture);
        var open = Osv.Advisory("GHSA-3x2p-5c8v-9qrm", "Billing.Service", "3.0.0", "3.3.1");
        open["published"] = now.AddDays(-9).ToString("O", CultureInfo.InvariantCulture);
        await app.Service<AdvisoryStore>().ImportAsync(
            [Osv.Read(advisory), Osv.Read(open)], CancellationToken.None);
        return hostile.Id;
    }

    // Versions as figures like to see them: from test over staging to production, one of them and back.
    static void Promote(
        (int Id, IFeedType Type) feed, List<NewRecord> records, DateTimeOffset now, Random random)
    {
        for (var minor = 0; minor < 12; minor++)
        {
            var at = now.AddDays(-350 + (minor * 30));
            Add($"1.{minor}.0", "test-01", at);
            Add($"1.{minor}.0", "staging-01", at.AddHours(20 - minor));
            Add($"1.{minor}.0", "WEB-01", at.AddDays(6 - (minor * 0.4)));
            if (minor % 4 == 3)
                Add($"1.{minor - 1}.0", "WEB-01", at.AddDays(6 - (minor * 0.4)).AddHours(minor));
        }

        void Add(string version, string target, DateTimeOffset at) => records.Add(
            Make(feed, records.Count, "", "Shop.Api", version, target, at, random));
    }

    static async Task GroupAsync(TestApp app)
    {
        await app.Service<TargetGroupStore>().ReplaceAsync(
            new TargetGroupDefinition(
                ["test", "staging", "production"],
                [new("test-*", "test"), new("staging-*", "staging"), new("web-*", "production"),
                    new("app-*", "production"), new("db-*", "production")]),
            null, Actor.Program, CancellationToken.None);
        await app.Service<ChangeWindowStore>().ReplaceAsync(
            [
                new ChangeWindow("production", 0b0011111, 7 * 60, 17 * 60, null, null),
                new ChangeWindow(null, 0, 0, 0, new DateOnly(2026, 4, 3), new DateOnly(2026, 4, 6), "Easter"),
            ], null, Actor.Program, CancellationToken.None);
    }

    // A group with all that one may have, and one with nothing but a name.
    static async Task GrantAsync(TestApp app)
    {
        var desk = app.Service<AccessGroupDesk>();
        var key = (await app.Service<ApiKeyQueries>().AllAsync(CancellationToken.None))[^1].ApiKeyId;
        var (_, problem) = await desk.AddAsync(
            new AccessGroupInput
            {
                Name = "Release engineers",
                Accounts = ["Admin"],
                Keys = [key],
                Claims =
                [
                    new GroupClaim("corp", "release-engineering"),
                    new GroupClaim("ldap", "cn=release engineers,ou=groups,ou=emea,dc=corp,dc=example,dc=com"),
                ],
                Grants =
                [
                    new GrantInput("apps", AccessLevel.Manage), new GrantInput("npm", AccessLevel.Add),
                    new GrantInput("approved-*", AccessLevel.View),
                ],
            },
            Actor.Program, CancellationToken.None);
        Assert.Null(problem);
        (_, problem) = await desk.AddAsync(
            new AccessGroupInput { Name = Hostile[..100].Trim() }, Actor.Program, CancellationToken.None);
        Assert.Null(problem);
    }

    static async Task RemoveAsync(
        TestApp app, (int Id, IFeedType Type) feed, string name, string target, DateTimeOffset at, string description)
    {
        var keys = feed.Type.Normalize(new PackageCoordinates("", name, ""));
        var result = await app.Service<RemovalStore>().RemoveAsync(
            new NewRemoval
            {
                FeedId = feed.Id,
                Package = new PackageKey(feed.Type.PackageType, keys.Group, keys.Name),
                Target = target,
                Application = "decommission.sh",
                Description = description,
                Url = "https://tickets.example.com/OPS-7",
                UserName = "m.keller",
                RemovedAt = at,
                RecordedAt = at.AddSeconds(2),
                Recorder = "API key “ops”",
                Road = RecordRoad.Api,
            }, CancellationToken.None);
        Assert.Equal(RemovalOutcome.Removed, result.Outcome);
    }

    static NewRecord Make(
        (int Id, IFeedType Type) feed, int index, string group, string name, string version, string target,
        DateTimeOffset at, Random random)
    {
        var keys = feed.Type.Normalize(new PackageCoordinates(group, name, version));
        var user = Users[random.Next(Users.Length)];
        return new NewRecord
        {
            Id = 1000 + index,
            FeedId = feed.Id,
            PackageType = feed.Type.PackageType,
            GroupName = group,
            Name = name,
            Version = version,
            Qualifier = "",
            GroupKey = keys.Group,
            NameKey = keys.Name,
            VersionKey = keys.Version,
            VersionSortKey = feed.Type.VersionOrder.SortKey(version),
            Application = Applications[random.Next(Applications.Length)],
            Description = $"Release {at.Year % 100}.{at.Month}, build {random.Next(1, 30)}",
            Target = target,
            Url = index % 3 == 0
                ? "https://ci.example.com/builds/" + index.ToString(CultureInfo.InvariantCulture) : null,
            UserName = user,
            DeployedAt = at,
            DateIsExplicit = false,
            RecordedAt = at.AddSeconds(2),
            Recorder = index % 5 == 0 ? "API key “octopus-eu”" : user,
            ClientAddress = System.Net.IPAddress.Parse("192.0.2.7"),
            UserAgent = "curl/8.5",
            Road = RecordRoad.Header,
        };
    }
}
