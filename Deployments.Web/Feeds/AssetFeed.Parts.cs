using System.Globalization;
using System.Text.RegularExpressions;

namespace Deployments.Web.Feeds;

// Large files come in parts: content/{path}?id=…&multipart=upload&index=…&totalSize=…&totalParts=…, each of them, and
// then &multipart=complete. ProGet's client counts the offset with 32 bits, so that only the index can be believed.
public sealed partial class AssetFeed
{
    const int PartsMax = 100_000;

    static readonly TimeSpan PartsLifetime = TimeSpan.FromDays(1); // since the last part

    async ValueTask<LocalAnswer> StorePartsAsync(
        string step, FeedRequest request, PackageTree tree, string[] path, CancellationToken ct)
    {
        if (request.Query("id") is not { } id || !UploadIdPattern().IsMatch(id))
            return new LocalAnswer.Status(400, "Name the upload: id, of letters, digits and dashes.");
        if (!IsPlain(path) || !tree.CanStore(path))
            return new LocalAnswer.Status(400, "The file's path is too long, or a folder.");
        return step.ToUpperInvariant() switch
        {
            "UPLOAD" => await StorePartAsync(id, request, tree.Unfinished, ct),
            "COMPLETE" => await CompleteAsync(id, request, tree, path, ct),
            _ => new LocalAnswer.Status(400, "multipart: must be upload or complete."),
        };
    }

    static async ValueTask<LocalAnswer> StorePartAsync(
        string id, FeedRequest request, PackageTree unfinished, CancellationToken ct)
    {
        if (Number(request, "totalParts") is not (> 0 and <= PartsMax and var parts)
            || Number(request, "totalSize") is not { } total
            || Number(request, "index") is not { } index || index >= parts)
        {
            return new LocalAnswer.Status(400,
                $"Say index, totalParts (at most {PartsMax}) and totalSize, all of them numbers.");
        }

        if (index == 0)
            unfinished.DeleteAbandoned(PartsLifetime);
        try
        {
            var whole = string.Create(CultureInfo.InvariantCulture, $"{parts}-{total}");
            var part = index.ToString(CultureInfo.InvariantCulture);
            var stored = await unfinished.SaveAsync(request.Body, request.UserName, replace: true, ct, id, whole, part);
            if (Number(request, "partSize") is not { } size || size == stored!.Size)
                return new LocalAnswer.Status(200);
            unfinished.Delete(id, whole, part);
            return new LocalAnswer.Status(400, $"The part has {stored.Size} bytes and not {size}.");
        }
        catch (InvalidDataException e)
        {
            return new LocalAnswer.Status(400, e.Message);
        }
    }

    async ValueTask<LocalAnswer> CompleteAsync(
        string id, FeedRequest request, PackageTree tree, string[] path, CancellationToken ct)
    {
        var unfinished = tree.Unfinished;
        if (unfinished.Directories(id) is not [var whole])
            return new LocalAnswer.Status(404, "There is no such upload, or its parts do not belong together.");
        var announced = whole.Split('-').Select(text => long.Parse(text, CultureInfo.InvariantCulture)).ToArray();
        await using var file = tree.OpenTemporary();
        for (var index = 0; index < announced[0]; index++)
        {
            if (unfinished.Find(id, whole, index.ToString(CultureInfo.InvariantCulture)) is not { } part)
                return new LocalAnswer.Status(400, $"Part {index} of {announced[0]} is missing.");
            await using var content = File.OpenRead(part);
            await content.CopyToAsync(file, ct);
        }

        if (file.Length != announced[1])
            return new LocalAnswer.Status(400, $"The parts have {file.Length} bytes and not {announced[1]}.");
        file.Position = 0;
        var answer = await SaveAsync(file, request, tree, ct, path);
        if (answer is LocalAnswer.Status { Code: 201 })
            unfinished.Delete(id);
        return answer;
    }

    static long? Number(FeedRequest request, string name) =>
        long.TryParse(request.Query(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    [GeneratedRegex(@"\A[A-Za-z0-9-]{1,64}\z", RegexOptions.NonBacktracking)]
    private static partial Regex UploadIdPattern();
}
