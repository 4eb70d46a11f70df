using System.Text;
using System.Text.Json;
using Deployments.Web.Bodies;

namespace Deployments.Web.Api;

/// <summary>
/// Reads requests by the thousand: a JSON array or JSON lines of any length, one at a time. A bad one does not keep the
/// next ones out.
/// </summary>
static class DeploymentItems
{
    /// <summary>What an item may at most be long; as a single request.</summary>
    public const int BytesMax = 64 << 10;

    /// <summary>The lines that are not blank.</summary>
    public static async IAsyncEnumerable<DeploymentItem> LinesAsync(HttpContext context)
    {
        var line = 0L;
        await foreach (var bytes in JsonItems.LinesAsync(context.Request.BodyReader, BytesMax, context.RequestAborted))
        {
            line++;
            var text = bytes is null ? null : Encoding.UTF8.GetString(bytes.Value.Span);
            if (text is not null && string.IsNullOrWhiteSpace(text))
                continue;
            yield return text is null
                ? TooLong(line)
                : Read(line, () => PackageDeploymentRequest.Parse(text, isJson: true));
        }
    }

    /// <summary>The items of an array; where it is damaged or ends too early, the last item says so.</summary>
    public static async IAsyncEnumerable<DeploymentItem> ArrayAsync(HttpContext context)
    {
        var items = JsonItems.ArrayAsync(context.Request.BodyReader, BytesMax, context.RequestAborted);
        await using var enumerator = items.GetAsyncEnumerator(context.RequestAborted);
        for (var line = 1L; ; line++)
        {
            DeploymentItem item;
            try
            {
                if (!await enumerator.MoveNextAsync())
                    yield break;
                item = enumerator.Current is { } bytes ? Read(line, () => Parse(bytes)) : TooLong(line);
            }
            catch (JsonException exception)
            {
                item = new DeploymentItem(line, null,
                    $"The JSON ends here or is damaged; the rest was not read. {exception.Message}")
                {
                    IsLast = true,
                };
            }

            yield return item;
            if (item.IsLast)
                yield break;
        }
    }

    static PackageDeploymentRequest Parse(ReadOnlyMemory<byte> item)
    {
        using var document = JsonDocument.Parse(item);
        return PackageDeploymentRequest.From(document.RootElement);
    }

    static DeploymentItem TooLong(long line) => new(line, null, $"It is longer than {BytesMax >> 10} KB.");

    static DeploymentItem Read(long line, Func<PackageDeploymentRequest> parse)
    {
        try
        {
            return new DeploymentItem(line, parse(), null);
        }
        catch (FormatException exception)
        {
            return new DeploymentItem(line, null, exception.Message);
        }
    }
}

/// <summary>One of many requests: what it says, or why that cannot be read.</summary>
/// <param name="Line">Its number, from 1 on.</param>
/// <param name="Request">What it says; null where it cannot be read.</param>
/// <param name="Problem">Why; null where it can.</param>
sealed record DeploymentItem(long Line, PackageDeploymentRequest? Request, string? Problem)
{
    /// <summary>Whether nothing behind it was read.</summary>
    public bool IsLast { get; init; }
}
