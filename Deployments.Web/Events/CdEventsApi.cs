using System.Text;
using System.Text.Json;
using Deployments.Data.Accounts;
using Deployments.Data.Feeds;
using Deployments.Web.Accounts;
using Deployments.Web.Api;
using Deployments.Web.Bodies;

namespace Deployments.Web.Events;

/// <summary>
/// <c>POST /api/events/cdevents</c>: CDEvents of delivery tools, by themselves or in CloudEvents (structured, binary,
/// batched). Each is durable when it is answered; a bad one of a batch does not keep the others out.
/// </summary>
sealed class CdEventsApi(CdEventTaker taker)
{
    /// <summary>Longest event, in bytes: such events have at most some 10 KB, and may carry data of others.</summary>
    const int EventBytesMax = 256 << 10;

    /// <summary>Most events of a batch: its answer lists them all.</summary>
    const int BatchMax = 1000;

    static readonly string[] MediaTypes =
    [
        "application/json", "application/cdevents+json", "application/cloudevents+json",
        "application/cloudevents-batch+json",
    ];

    /// <summary>Maps the address.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/api/events/cdevents",
        (HttpContext context, CdEventsApi api) => api.TakeAsync(context))
        .RequirePermission(Permissions.Add, anyFeed: true)
        .AddEndpointFilter(UnexpectedErrors.AnswerAsync).AddEndpointFilter(ApiRefusal.AnswerAsync);

    async Task<IResult> TakeAsync(HttpContext context)
    {
        var mediaType = context.Request.ContentType?.Split(';')[0].Trim().ToLowerInvariant();
        if (!MediaTypes.Contains(mediaType))
            throw new ApiRefusal(StatusCodes.Status415UnsupportedMediaType,
                $"The body must be {string.Join(", ", MediaTypes)}.");
        var caller = ApiAccess.CallerOf(context);
        var name = context.Request.Query["feed"].ToString().Trim();
        var open = await taker.FeedsAsync(caller, name, context.RequestAborted);
        var mayKnow = caller.CanEverywhere(Permissions.Add);
        if (open.Count == 0 && name.Length > 0)
            throw new ApiRefusal(
                mayKnow ? StatusCodes.Status404NotFound : StatusCodes.Status403Forbidden,
                mayKnow
                    ? $"feed: there is no feed called {name}" : $"feed: {caller.Name} may not record in {name}");
        if (mediaType == "application/cloudevents-batch+json")
            return await TakeBatchAsync(context, caller, open);

        var (@event, answer) = await TakeOneAsync(
            context, caller, open, await ReadAsync(context), AttributesOf(context.Request.Headers));
        return answer.Status == StatusCodes.Status200OK
            ? Results.Json(Item(null, @event, answer))
            : throw new ApiRefusal(answer.Status, answer.Reason!);
    }

    async Task<IResult> TakeBatchAsync(HttpContext context, Caller caller, IReadOnlyList<Feed> open)
    {
        var events = new List<object>();
        var counts = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var items = JsonItems.ArrayAsync(context.Request.BodyReader, EventBytesMax, context.RequestAborted);
        await using var enumerator = items.GetAsyncEnumerator(context.RequestAborted);
        for (var number = 1; ; number++)
        {
            var (@event, answer, isLast) = ((CdEvent?)null, (CdEventAnswer?)null, false);
            try
            {
                if (!await enumerator.MoveNextAsync())
                    break;
                if (number > BatchMax)
                    (answer, isLast) = (CdEventAnswer.Failed(
                        $"A batch has at most {BatchMax} events; from this one on nothing was read."), true);
            }
            catch (JsonException exception)
            {
                (answer, isLast) = (CdEventAnswer.Failed(
                    $"The JSON ends here or is damaged; the rest was not read. {exception.Message}"), true);
            }

            if (answer is null)
                (@event, answer) = enumerator.Current is { } bytes
                    ? await TakeOneAsync(context, caller, open, bytes, NoAttributes)
                    : (null, TooLong());
            counts[answer.Outcome] = counts.GetValueOrDefault(answer.Outcome) + 1;
            events.Add(Item(number, @event, answer));
            if (isLast)
                break;
        }

        return Results.Json(new { counts, events });
    }

    async Task<(CdEvent? Event, CdEventAnswer Answer)> TakeOneAsync(
        HttpContext context, Caller caller, IReadOnlyList<Feed> open, ReadOnlyMemory<byte> json,
        IReadOnlyDictionary<string, string> attributes)
    {
        CdEvent @event;
        try
        {
            using var document = JsonDocument.Parse(
                json.Span.StartsWith(Encoding.UTF8.Preamble) ? json[Encoding.UTF8.Preamble.Length..] : json);
            @event = CdEvent.Read(document.RootElement, attributes);
        }
        catch (JsonException exception)
        {
            return (null, CdEventAnswer.Failed($"The event is not valid JSON: {exception.Message}"));
        }
        catch (FormatException exception)
        {
            return (null, CdEventAnswer.Failed(exception.Message));
        }

        return (@event, await taker.TakeAsync(context, caller, open, @event));
    }

    static IReadOnlyDictionary<string, string> NoAttributes { get; } = new Dictionary<string, string>();

    static object Item(int? number, CdEvent? @event, CdEventAnswer answer) => new
    {
        number,
        source = @event?.Source,
        id = @event?.Id,
        answer.Outcome,
        answer.Reason,
        answer.Url,
    };

    static CdEventAnswer TooLong() => CdEventAnswer.Failed(
        $"The event is longer than {EventBytesMax >> 10} KB.", StatusCodes.Status413PayloadTooLarge);

    // Of a binary CloudEvent; values are percent-encoded where they are not ASCII (HTTP binding, 3.1.3.2).
    static Dictionary<string, string> AttributesOf(IHeaderDictionary headers) => headers
        .Where(header => header.Key.StartsWith("ce-", StringComparison.OrdinalIgnoreCase))
        .ToDictionary(
            header => header.Key[3..].ToLowerInvariant(), header => Uri.UnescapeDataString(header.Value.ToString()),
            StringComparer.Ordinal);

    static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpContext context)
    {
        var buffer = new byte[EventBytesMax + 1];
        var length = await context.Request.Body.ReadAtLeastAsync(
            buffer, buffer.Length, throwOnEndOfStream: false, context.RequestAborted);
        return length <= EventBytesMax
            ? buffer.AsMemory(0, length)
            : throw new ApiRefusal(StatusCodes.Status413PayloadTooLarge, TooLong().Reason!);
    }
}
