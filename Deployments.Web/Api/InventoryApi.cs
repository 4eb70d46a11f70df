using Deployments.Data.Accounts;
using Deployments.Data.Inventory;
using Deployments.Data.Targets;
using Deployments.Web.Accounts;
using Deployments.Web.Bodies;
using Deployments.Web.Feeds;
using Deployments.Web.Inventory;
using Deployments.Web.Records;

namespace Deployments.Web.Api;

/// <summary>
/// <c>/api/inventory/{target}</c>: takes what the tools of a machine list, as they write it, and tells what was seen.
/// </summary>
sealed class InventoryApi(InventoryTaker taker, LogTaker logs, InventoryFormats formats, TimeProvider time)
{
    const int ScopeLengthMax = 200;
    const int ReadMax = 100_000;

    /// <summary>Maps the addresses.</summary>
    /// <remarks>An inventory is of the whole machine: a key for one feed neither sends nor learns of it.</remarks>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/inventory/{**target}",
            (string target, HttpContext context, InventoryApi api) => api.TakeAsync(target, context))
            .RequirePermission(Permissions.Add)
            .AddEndpointFilter(UnexpectedErrors.AnswerAsync).AddEndpointFilter(ApiRefusal.AnswerAsync);
        routes.MapGet("/api/inventory/{**target}", ReadAsync).RequirePermission(Permissions.View, anyFeed: true);
    }

    async Task<IResult> TakeAsync(string target, HttpContext context)
    {
        var (name, query) = (RecordText.FromPath(target).Trim(), context.Request.Query);
        var log = LogFormats.FindOrNull(query["format"].ToString().Trim()) is { } format
            ? ReadLog(name, format, query) : null;
        var request = log is null ? Read(name, query) : null;
        await using var file = TemporaryFile.Create();
        var hash = await InventoryBody.KeepAsync(context, file);
        try
        {
            if (log is not null)
                return Answer(log, await logs.TakeAsync(context, ApiAccess.CallerOf(context), log, file));
            var answer = await taker.TakeAsync(context, ApiAccess.CallerOf(context), request!, file, hash);
            return answer.Result.Outcome == InventoryOutcome.Older
                ? throw ApiRefusal.Clash(
                    $"at: an inventory of {TimeText.Write(answer.Result.NewestAt)} was taken before; older ones are"
                    + " to be sent first.")
                : Answer(answer);
        }
        catch (FormatException exception)
        {
            throw new ApiRefusal(StatusCodes.Status400BadRequest, exception.Message);
        }
    }

    static IResult Answer(InventoryAnswer answer) => Results.Json(new
    {
        answer.Inventory.Target,
        answer.Inventory.Scope,
        answer.Inventory.Format,
        at = TimeText.Write(answer.Inventory.At),
        duplicate = answer.Result.Outcome == InventoryOutcome.Duplicate,
        read = answer.Inventory.Packages,
        answer.Counts.Known,
        answer.Counts.Matched,
        answer.Counts.Different,
        answer.Counts.Unrecorded,
        answer.Counts.Missing,
        answer.Inventory.Ignored,
        failed = answer.Inventory.Errors,
        errors = answer.Errors,
    });

    static IResult Answer(LogRequest log, LogAnswer answer) => Results.Json(new
    {
        log.Target,
        format = log.Format.Name,
        zone = log.Zone.Id,
        answer.Transactions,
        answer.Read,
        answer.Recorded,
        answer.Removed,
        answer.Repeated,
        answer.Automatic,
        answer.Unknown,
        answer.Unfinished,
        answer.Failed,
        errors = answer.Errors,
    });

    static LogRequest ReadLog(string target, ILogFormat format, IQueryCollection query)
    {
        var given = new Given(query);
        given.Note("target", DeploymentRules.NameProblem(target));
        var zone = given["zone"] is { } name ? LogClock.ZoneOrNull(name) : null;
        given.Note("zone", zone is not null ? null
            : given["zone"] is null ? "is missing: the times of a log are local; name the machine's, as Europe/Berlin"
            : "is not a time zone such as Europe/Berlin or UTC");
        foreach (var field in (string[])["scope", "at", "covers"])
            given.Note(field, given[field] is null ? null : "is of inventories; a log says what happened when");
        var isAll = given.IsTrue("all");
        given.Note("feed", given["feed"] is null || isAll ? null : "is for packages that no feed knows: add all=true");
        var isAutomatic = given.IsTrue("automatic");
        given.Check();
        return new LogRequest(target, format, zone!, isAll, isAutomatic, given["feed"]);
    }

    InventoryRequest Read(string target, IQueryCollection query)
    {
        var given = new Given(query);
        given.Note("target", DeploymentRules.NameProblem(target));
        var scope = given["scope"];
        given.Note("scope", scope is null ? null
            : scope.Length > ScopeLengthMax ? $"is longer than {ScopeLengthMax} characters"
            : DeploymentRules.HasControlCharacters(scope) ? "has control characters" : null);
        var at = given["at"];
        given.Note("at", at is null ? null : DeploymentRules.DateProblem(at, time.GetUtcNow()));
        var format = given["format"] is { } name ? formats.FindOrNull(name) : null;
        given.Note("format", format is null && given["format"] is not null
            ? $"is not one of {formats.Names}, nor a log: {LogFormats.Names}" : null);
        var covers = given["covers"]?.ToLowerInvariant()
            .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        given.Note("covers", covers?.Any(type => type.Length > 20 || !type.All(char.IsAsciiLetterOrDigit)) == true
            || covers?.Length > 20 ? "is not a list of package URL types such as nuget,npm" : null);
        given.Check();
        return new InventoryRequest(target, scope, at is null ? null : TimeText.TryParse(at), format, covers);
    }

    static async Task<IResult> ReadAsync(
        string target, HttpContext context, TargetQueries targets, ObservationQueries observations,
        FeedTypeCatalog types, CancellationToken ct)
    {
        var atText = context.Request.Query["at"].ToString();
        var at = TimeText.TryParseEnd(atText);
        if (atText.Length > 0 && at is null)
            return Results.Text($"at {TimeText.Problem}.", statusCode: 400);
        var visible = CallerFeeds.Of(context);
        if (await targets.FindOrNullAsync(RecordText.FromPath(target), visible, ct) is not { } found)
            return Results.Text("There is no target of that name.", statusCode: 404);
        var isAll = context.Request.Query["all"] == "true";
        var byPackageType = types.All.GroupBy(type => type.PackageType).ToDictionary(group => group.Key);
        var rows = await observations.OfTargetAsync(found.TargetId, at, isAll, ReadMax, visible, ct);
        return Results.Json(new
        {
            target = found.Name,
            at = at is { } time ? TimeText.Write(time) : null,
            scopes = (await observations.ScopesAsync(found.TargetId, visible, ct)).Select(scope => new
            {
                scope.Name,
                scope.Format,
                seenAt = TimeText.Write(scope.SeenAt),
                completeAt = scope.CompleteAt is { } complete ? TimeText.Write(complete) : null,
                scope.Errors,
            }),
            packages = rows.Select(row => new
            {
                row.Type,
                row.Group,
                row.Name,
                row.Version,
                row.Qualifier,
                purl = byPackageType.GetValueOrDefault(row.Type)?.First().Purl(
                    new PackageCoordinates(row.Group, row.Name, row.Version, row.Qualifier)),
                row.Scope,
                firstSeenAt = TimeText.Write(row.FirstSeenAt),
                lastSeenAt = TimeText.Write(row.LastSeenAt),
                goneAt = row.GoneAt is { } gone ? TimeText.Write(gone) : null,
            }),
        });
    }

    /// <summary>What a query string says, and what is wrong with it.</summary>
    sealed class Given(IQueryCollection query)
    {
        readonly List<string> problems = [];

        public string? this[string field] =>
            query[field].ToString().Trim() is { Length: > 0 } text ? text : null;

        public bool IsTrue(string field)
        {
            Note(field, this[field] is null or "true" or "false" ? null : "is neither true nor false");
            return this[field] == "true";
        }

        public void Note(string field, string? problem)
        {
            if (problem is not null)
                problems.Add($"{field}: {problem}");
        }

        public void Check()
        {
            if (problems.Count > 0)
                throw new ApiRefusal(StatusCodes.Status400BadRequest, string.Join('\n', problems));
        }
    }
}
