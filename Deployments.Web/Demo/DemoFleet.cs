using Deployments.Data.Calendar;
using Deployments.Data.TargetGroups;

namespace Deployments.Web.Demo;

/// <summary>The servers of the invented company: 40 in four environments, Windows names and Linux names.</summary>
static class DemoFleet
{
    /// <summary>Every server, environment after environment from development to production.</summary>
    public static IReadOnlyList<DemoServer> Servers { get; } =
    [
        .. Row("dev", "WEB-DEV-{0:00}", "web", 2), .. Row("dev", "APP-DEV-{0:00}", "app", 1),
        .. Row("dev", "api-dev-{0:00}.meridian.example", "api", 2),
        .. Row("dev", "db-dev-{0:00}.meridian.example", "db", 1),
        .. Row("test", "WEB-TST-{0:00}", "web", 2), .. Row("test", "APP-TST-{0:00}", "app", 2),
        .. Row("test", "api-tst-{0:00}.meridian.example", "api", 2),
        .. Row("test", "db-tst-{0:00}.meridian.example", "db", 2),
        .. Row("staging", "WEB-STG-{0:00}", "web", 3), .. Row("staging", "APP-STG-{0:00}", "app", 2),
        .. Row("staging", "api-stg-{0:00}.meridian.example", "api", 3),
        .. Row("staging", "db-stg-{0:00}.meridian.example", "db", 2),
        .. Row("production", "WEB-PROD-{0:00}", "web", 6), .. Row("production", "APP-PROD-{0:00}", "app", 4),
        .. Row("production", "api-prod-{0:00}.meridian.example", "api", 4),
        .. Row("production", "db-prod-{0:00}.meridian.example", "db", 2),
    ];

    /// <summary>The environments as groups.</summary>
    public static TargetGroupDefinition Groups { get; } = new(
        ["development", "test", "staging", "production"],
        [
            new("*-dev-*", "development"), new("*-tst-*", "test"), new("*-stg-*", "staging"),
            new("*-prod-*", "production"),
        ]);

    /// <summary>When production may be changed: on working days, but for the last days of the year.</summary>
    public static IReadOnlyList<ChangeWindow> Windows(DateTimeOffset now) =>
    [
        new("production", Weekdays: 0b0011111, Opens: 7 * 60, Closes: 18 * 60, null, null),
        new("production", 0, 0, 0, new DateOnly(now.Year - 1, 12, 20), new DateOnly(now.Year, 1, 3), "End of the year"),
    ];

    /// <summary>The servers of one kind in one environment.</summary>
    public static IReadOnlyList<string> Of(string environment, string role) =>
        [.. Servers.Where(s => s.Environment == environment && s.Role == role).Select(s => s.Name)];

    static IEnumerable<DemoServer> Row(string environment, string name, string role, int count) =>
        Enumerable.Range(1, count).Select(number => new DemoServer(
            string.Format(System.Globalization.CultureInfo.InvariantCulture, name, number), environment, role));
}

/// <summary>One server.</summary>
/// <param name="Name">As in records.</param>
/// <param name="Environment"><c>dev</c>, <c>test</c>, <c>staging</c> or <c>production</c>.</param>
/// <param name="Role">What runs on it: <c>web</c> and <c>app</c> on Windows, <c>api</c> and <c>db</c> on Linux.</param>
sealed record DemoServer(string Name, string Environment, string Role);
