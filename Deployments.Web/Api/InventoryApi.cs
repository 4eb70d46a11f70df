using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using Deployments.Data.Accounts;
using Deployments.Data.Inventory;
using Deployments.Data.Targets;
using Deployments.Web.Accounts;
using Deployments.Web.Bodies;
using Deployments.Web.Feeds;
using Deployments.Web.Gateway;
using Deployments.Web.Inventory;
using Deployments.Web.Records;

namespace Deployments.Web.Api;

/// <summary>
/// <c>/api/inventory/{target}</c>: takes what the tools of a machine list, as they write it, and tells what was seen.
/// </summary>
sealed class InventoryApi(InventoryTaker taker, InventoryFormats formats, TimeProvider time)
{
    /// <summary>Largest upload, in bytes as they are sent.</summary>
    public const long BytesMax = 50L << 20;

    /// <summary>Largest upload, in bytes, unpacked.</summary>
    public const long UnpackedBytesMax = 256L << 20;

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
        var request = Read(RecordText.FromPath(target).Trim(), context.Request.Query);
        UploadLimits.Lift(context, BytesMax);
        await using var file = TemporaryFile.Create();
        var hash = await KeepAsync(context, file);
        try
        {
            var answer = await taker.TakeAsync(context, ApiAccess.CallerOf(context), request, file, hash);
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

    InventoryRequest Read(string target, IQueryCollection query)
    {
        var problems = new List<string>();
        Note("target", DeploymentRules.NameProblem(target));
        var scope = Given("scope");
        Note("scope", scope is null ? null
            : scope.Length > ScopeLengthMax ? $"is longer than {ScopeLengthMax} characters"
            : DeploymentRules.HasControlCharacters(scope) ? "has control characters" : null);
        var at = Given("at");
        Note("at", at is null ? null : DeploymentRules.DateProblem(at, time.GetUtcNow()));
        var format = Given("format") is { } name ? formats.FindOrNull(name) : null;
        Note("format", format is null && Given("format") is not null ? $"is not one of {formats.Names}" : null);
        var covers = Given("covers")?.ToLowerInvariant()
            .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Note("covers", covers?.Any(type => type.Length > 20 || !type.All(char.IsAsciiLetterOrDigit)) == true
            || covers?.Length > 20 ? "is not a list of package URL types such as nuget,npm" : null);
        return problems.Count == 0
            ? new InventoryRequest(target, scope, at is null ? null : TimeText.TryParse(at), format, covers)
            : throw new ApiRefusal(StatusCodes.Status400BadRequest, string.Join('\n', problems));

        string? Given(string field) => query[field].ToString().Trim() is { Length: > 0 } text ? text : null;

        void Note(string field, string? problem)
        {
            if (problem is not null)
                problems.Add($"{field}: {problem}");
        }
    }

    /// <summary>Keeps the body, unpacked, in a file.</summary>
    /// <returns>Its SHA-256.</returns>
    static async Task<byte[]> KeepAsync(HttpContext context, FileStream file)
    {
        try
        {
            var body = context.Request.BodyReader;
            var head = await body.ReadAtLeastAsync(2, context.RequestAborted);
            var isPacked = head.Buffer.Length >= 2 && IsGzip(head.Buffer.Slice(0, 2));
            body.AdvanceTo(head.Buffer.Start);
            if (!isPacked && context.Request.Headers.ContentEncoding.Count > 0)
                throw new ApiRefusal(StatusCodes.Status415UnsupportedMediaType, "A body may be packed by gzip only.");
            return isPacked
                ? await UnpackAsync(body.AsStream(), file, context.RequestAborted)
                : await CopyAsync(body.AsStream(), file, context.RequestAborted);
        }
        catch (InvalidDataException)
        {
            throw new ApiRefusal(StatusCodes.Status400BadRequest, "The gzip is damaged, cut off, or not one file.");
        }
        catch (BadHttpRequestException exception)
            when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw new ApiRefusal(StatusCodes.Status413PayloadTooLarge, $"The body is larger than {BytesMax >> 20} MB.");
        }
    }

    // What ends too early unpacks without a word to less than there was: at its end it says how much that is.
    static async Task<byte[]> UnpackAsync(Stream body, FileStream file, CancellationToken ct)
    {
        await using var packed = TemporaryFile.Create();
        await body.CopyToAsync(packed, ct);
        var size = new byte[4];
        packed.Position = Math.Max(0, packed.Length - size.Length);
        await packed.ReadExactlyAsync(size, ct);
        packed.Position = 0;
        await using var input = new GZipStream(packed, CompressionMode.Decompress);
        var hash = await CopyAsync(input, file, ct);
        return BinaryPrimitives.ReadUInt32LittleEndian(size) == (uint)file.Length
            ? hash
            : throw new InvalidDataException();
    }

    static bool IsGzip(ReadOnlySequence<byte> head)
    {
        Span<byte> mark = stackalloc byte[2];
        head.CopyTo(mark);
        return mark is [0x1F, 0x8B];
    }

    static async Task<byte[]> CopyAsync(Stream input, FileStream file, CancellationToken ct)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 16];
        int read;
        while ((read = await input.ReadAsync(buffer, ct)) > 0)
        {
            if (file.Position + read > UnpackedBytesMax)
                throw new ApiRefusal(StatusCodes.Status413PayloadTooLarge,
                    $"The body unpacks to more than {UnpackedBytesMax >> 20} MB.");
            hash.AppendData(buffer, 0, read);
            await file.WriteAsync(buffer.AsMemory(0, read), ct);
        }

        await file.FlushAsync(ct);
        file.Position = 0;
        return hash.GetHashAndReset();
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
}
