using System.Text.Json;
using System.Text.Json.Nodes;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;
using Deployments.Web.Gateway;
using Deployments.Web.Inventory;
using Deployments.Web.Records;

namespace Deployments.Web.Api;

/// <summary>
/// ProGet's Containers API, new with its release of 2026: tags are made and removed, images removed and audited. Of the
/// images that lie in the feed itself; those of a connector are not here.
/// </summary>
/// <remarks>
/// What an image consists of, an SBOM tells that was attached to it (CycloneDX or SPDX, in JSON, as an artefact that
/// refers to it). Without one the answer leaves packages and vulnerabilities out: they are not known.
/// </remarks>
sealed class ContainersApi(
    FeedDirectory feeds, CallerResolver callers, FeedTypeCatalog types, InventoryFormats formats,
    AdvisoryMatchQueries advisories, TimeProvider time)
{
    const int PackagesMax = 20_000;
    const long SbomBytesMax = 64 << 20;

    static readonly JsonSerializerOptions Json = ScaApi.Json;

    public static void Map(IEndpointRouteBuilder routes)
    {
        var containers = routes.MapGroup("/api/containers")
            .AddEndpointFilter(UnexpectedErrors.AnswerAsync).AddEndpointFilter(ApiRefusal.AnswerAsync);
        containers.MapPost("/tags/create", (HttpContext context, ContainersApi api) => api.CreateTagAsync(context));
        containers.MapMethods("/tags/delete", ["POST", "DELETE"],
            (HttpContext context, ContainersApi api) => api.DeleteAsync(context, "tag"));
        containers.MapMethods("/images/delete", ["POST", "DELETE"],
            (HttpContext context, ContainersApi api) => api.DeleteAsync(context, "digest"));
        containers.MapGet("/images/audit", (HttpContext context, ContainersApi api) => api.AuditAsync(context));
    }

    async Task<IResult> CreateTagAsync(HttpContext context)
    {
        var (repository, target, name) = (Required(context, "repo"), Required(context, "target"),
            Required(context, "name"));
        var force = PackageChoice.Text(context.Request.Query, "force").ToUpperInvariant() switch
        {
            "" or "FALSE" => false,
            "TRUE" => true,
            _ => throw ApiRefusal.Invalid("force", "must be true or false"),
        };
        if (DockerFeed.IsDigest(name) || !DockerFeed.IsReference(name))
            throw ApiRefusal.Invalid("name", "is not the name of a tag");
        if (await OpenOrNullAsync(context, force ? FeedAccess.Delete : FeedAccess.Upload) is not var (served, caller))
            return Results.Empty;
        var wanted = await ImageAsync(served, repository, target, context.RequestAborted);
        var before = await DockerFeed.ImageOrNullAsync(served.Tree, repository, name, context.RequestAborted);
        if (before?.Digest == wanted.Digest)
            return Results.Text("Exists");
        if (before is not null && !force)
        {
            return Results.Text(
                $"The tag {name} is of another image already.", statusCode: StatusCodes.Status409Conflict);
        }

        await using var manifest = new MemoryStream(wanted.Manifest);
        if (FeedRequest.TryRead("PUT", $"{repository}/manifests/{name}") is not { } push
            || await served.Type.AnswerAsync(
                push with { Body = manifest, UserName = caller.Name }, served.Tree, context.RequestAborted)
                is not LocalAnswer.Status { Code: StatusCodes.Status201Created })
            throw ApiRefusal.Invalid("repo", "is not the name of a repository");
        return before is null
            ? Results.Text("Created", statusCode: StatusCodes.Status201Created)
            : Results.Text("Updated");
    }

    // A tag of a repository, or an image with all its tags.
    async Task<IResult> DeleteAsync(HttpContext context, string what)
    {
        var (repository, reference) = (Required(context, "repo"), Required(context, what));
        if (DockerFeed.IsDigest(reference) != (what == "digest"))
            throw ApiRefusal.Invalid(what, what == "tag" ? "is a digest" : "must be the full digest, sha256:…");
        if (await OpenOrNullAsync(context, FeedAccess.Delete) is not var (served, _))
            return Results.Empty;
        await ImageAsync(served, repository, reference, context.RequestAborted);
        return FeedRequest.TryRead("DELETE", $"{repository}/manifests/{reference}") is { } request
            && await served.Type.AnswerAsync(request, served.Tree, context.RequestAborted)
                is LocalAnswer.Status { Code: StatusCodes.Status202Accepted }
            ? Results.Ok()
            : throw Missing(repository, reference); // by another request, this moment
    }

    async Task<IResult> AuditAsync(HttpContext context)
    {
        if (await OpenOrNullAsync(context, FeedAccess.Download) is not var (served, _))
            return Results.Empty;
        var ct = context.RequestAborted;
        var (repository, reference) = Asked(context.Request.Query, served);
        var image = await ImageAsync(served, repository, reference, ct);
        var packages = await PackagesOrNullAsync(served, repository, image.Digest, ct);
        var known = packages is null ? null : await advisories.OfAsync(
            [.. packages.Select(package => PackagesApi.VersionOf(package.Type!, package.Package!, null))],
            time.GetUtcNow(), ct);
        return Results.Json(new
        {
            repository,
            tags = DockerFeed.TagsOf(served.Tree, repository, image.Digest),
            image.Digest,
            created = TimeText.Write(image.AddedAt),
            packages = packages?.Select(package => package.Type!.Purl(package.Package!)),
            vulnerabilities = known is null ? null : ScaApi.Told(known),
            manifestList = image.Children?.Select(child => new { child.Digest, child.Architecture }),
        }, Json);
    }

    // The image's name as one parameter, as the reference has it, or as two, as its example has it.
    static (string Repository, string Reference) Asked(IQueryCollection query, ServedFeed served)
    {
        var (whole, repository) = (PackageChoice.Text(query, "tagOrDigest"), PackageChoice.Text(query, "repo"));
        if (whole.Length == 0)
        {
            whole = PackageChoice.Text(query, "tag") is { Length: > 0 } tag ? tag : PackageChoice.Text(query, "digest");
            return repository.Length > 0 && whole.Length > 0
                ? (repository, whole)
                : throw ApiRefusal.Invalid("tagOrDigest", "is required: repository:tag, or a digest");
        }

        if (DockerFeed.IsDigest(whole))
        {
            return (repository.Length > 0 ? repository
                : DockerFeed.RepositoryOrNull(served.Tree, whole) ?? throw Missing(served.Feed.Name, whole), whole);
        }

        var at = whole.IndexOf('@', StringComparison.Ordinal);
        var end = at >= 0 ? at : whole.LastIndexOf(':');
        return end > 0
            ? (whole[..end], whole[(end + 1)..])
            : throw ApiRefusal.Invalid("tagOrDigest", "must be repository:tag, or a digest");
    }

    static async ValueTask<StoredImage> ImageAsync(
        ServedFeed served, string repository, string reference, CancellationToken ct) =>
        await DockerFeed.ImageOrNullAsync(served.Tree, repository, reference, ct)
            ?? throw Missing(repository, reference);

    async ValueTask<IReadOnlyList<InventoryEntry>?> PackagesOrNullAsync(
        ServedFeed served, string repository, string digest, CancellationToken ct)
    {
        List<InventoryEntry>? packages = null;
        var names = new InventoryNames(types, new HashSet<string>());
        foreach (var (format, file) in await DockerFeed.SbomsOfAsync(served.Tree, repository, digest, ct))
        {
            if (new FileInfo(file).Length > SbomBytesMax || formats.FindOrNull(format) is not { } reader)
                continue;
            packages ??= [];
            try
            {
                await using var sbom = File.OpenRead(file);
                await foreach (var entry in reader.ReadAsync(sbom, names, ct))
                {
                    if (entry.Package is not null && packages.Count < PackagesMax)
                        packages.Add(entry);
                }
            }
            catch (JsonException)
            {
                // Somebody attached what is no SBOM: what was read until then is what there is.
            }
        }

        return packages?.DistinctBy(entry => entry.Type!.Purl(entry.Package!)).ToList();
    }

    async ValueTask<(ServedFeed Served, Caller Caller)?> OpenOrNullAsync(HttpContext context, FeedAccess access)
    {
        var opened = await ApiFeeds.OpenOrNullAsync(context, feeds, callers, Required(context, "feed"), access);
        return opened is { Served.Type: not DockerFeed }
            ? throw ApiRefusal.Invalid("feed", "is no feed of container images")
            : opened;
    }

    static string Required(HttpContext context, string parameter) =>
        PackageChoice.Text(context.Request.Query, parameter) is { Length: > 0 } value
            ? value
            : throw ApiRefusal.Invalid(parameter, "is required");

    static ApiRefusal Missing(string place, string reference) =>
        ApiRefusal.NotFound($"{place} has no {reference} of its own.");
}
