namespace Deployments.Web.Events;

/// <summary>What a CDEvent is answered.</summary>
/// <param name="Outcome">
/// <c>recorded</c>, <c>removed</c>, <c>duplicate</c>, <c>setAside</c>, <c>ignored</c> or <c>failed</c>.
/// </param>
/// <param name="Reason">Why it is none of the first three; null for those.</param>
/// <param name="Url">The page of what it became; null where there is none.</param>
sealed record CdEventAnswer(string Outcome, string? Reason = null, string? Url = null)
{
    /// <summary>The status of an answer to this one alone; 200 unless it failed.</summary>
    public int Status { get; init; } = StatusCodes.Status200OK;

    /// <summary>Nothing of it concerns this server.</summary>
    public static CdEventAnswer Ignored(string reason) => new("ignored", reason);

    /// <summary>Nothing became of it, and it may come again.</summary>
    public static CdEventAnswer Failed(string reason, int status = StatusCodes.Status400BadRequest) =>
        new("failed", reason) { Status = status };
}
