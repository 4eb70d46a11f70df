namespace Deployments.Web.Pages.Packages;

/// <summary>The deployments of one month.</summary>
/// <param name="Month">The first moment of the month, UTC.</param>
/// <param name="Records">How many.</param>
public sealed record MonthCount(DateTimeOffset Month, long Records);
