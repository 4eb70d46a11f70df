namespace Deployments.Web.Records;

/// <summary>
/// Times that people ask for by name, in whole days of UTC. Unlike two dates they move along with today, in links that
/// are kept as well.
/// </summary>
static class Period
{
    /// <summary>The names, and what people call them.</summary>
    public static readonly IReadOnlyList<(string Name, string Text)> All =
    [
        ("today", "today"), ("last-7-days", "last 7 days"), ("last-30-days", "last 30 days"),
        ("last-month", "last month"), ("last-quarter", "last quarter"),
    ];

    /// <summary>What people call it; what is no name stays as it is.</summary>
    public static string TextOf(string name) => All.FirstOrDefault(period => period.Name == name).Text ?? name;

    /// <summary>The first moment, and the first that is no longer in it. "Last 7 days" has today in it.</summary>
    /// <param name="name">One of the names.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="ArgumentOutOfRangeException">The name is none of them.</exception>
    public static (DateTimeOffset From, DateTimeOffset To) Of(string name, DateTimeOffset now)
    {
        var today = DateOnly.FromDateTime(now.UtcDateTime);
        var month = today.AddDays(1 - today.Day);
        var quarter = month.AddMonths(-((month.Month - 1) % 3));
        var (first, next) = name switch
        {
            "today" => (today, today.AddDays(1)),
            "last-7-days" => (today.AddDays(-6), today.AddDays(1)),
            "last-30-days" => (today.AddDays(-29), today.AddDays(1)),
            "last-month" => (month.AddMonths(-1), month),
            "last-quarter" => (quarter.AddMonths(-3), quarter),
            _ => throw new ArgumentOutOfRangeException(nameof(name)),
        };
        return (Start(first), Start(next));
    }

    static DateTimeOffset Start(DateOnly day) => new(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
}
