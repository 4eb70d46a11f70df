using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Deployments.Data.Accounts;
using Deployments.Data.Evidence;
using Deployments.Data.Ledger;
using Deployments.Web.Accounts;
using Deployments.Web.Ledger;
using Deployments.Web.Records;

namespace Deployments.Web.Api;

/// <summary><c>/api/ledger</c>: the tree head, and proofs of what is in the ledger, for administrators.</summary>
static class LedgerApi
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/ledger/head", HeadAsync).RequirePermission(Permissions.Manage);
        routes.MapGet("/api/ledger/inclusion", InclusionAsync).RequirePermission(Permissions.Manage);
        routes.MapGet("/api/ledger/consistency", ConsistencyAsync).RequirePermission(Permissions.Manage);
    }

    static async Task<IResult> HeadAsync(LedgerQueries ledger, LedgerSigner signer, CancellationToken ct)
    {
        try
        {
            var head = await ledger.HeadAsync(ct);
            return Results.Json(new
            {
                head.Size,
                root = Hex(head.Root),
                chainedAt = head.ChainedAt is { } at ? TimeText.Write(at) : null,
                checkpoint = await signer.SignAsync(head, ct),
                verifierKey = await signer.VerifierKeyAsync(ct),
            });
        }
        catch (InvalidDataException exception)
        {
            return Broken(exception);
        }
    }

    static async Task<IResult> InclusionAsync(HttpContext context, LedgerProofQueries proofs, CancellationToken ct)
    {
        var query = context.Request.Query;
        if (KindOrNull(query["kind"]) is not { } kind)
            return Refusal($"kind: one of {string.Join(", ", Enum.GetValues<LedgerKind>().Select(Name))}.");
        if (NumberOrNull(query["id"]) is not { } id)
            return Refusal("id: the number of the row.");
        try
        {
            return await proofs.InclusionOrNullAsync(kind, id, ct) is { } proof
                ? Results.Json(Written(proof))
                : Results.Text(
                    $"The ledger has no {Name(kind)} {id}, or has not chained it yet.",
                    statusCode: StatusCodes.Status404NotFound);
        }
        catch (InvalidDataException exception)
        {
            return Broken(exception);
        }
    }

    static async Task<IResult> ConsistencyAsync(HttpContext context, LedgerProofQueries proofs, CancellationToken ct)
    {
        var query = context.Request.Query;
        var second = NumberOrNull(query["second"]);
        if (NumberOrNull(query["first"]) is not { } first || (second is null && query.ContainsKey("second")))
            return Refusal("first: a number of entries, at least 1; second: a larger one, or absent for all.");
        try
        {
            return await proofs.ConsistencyOrNullAsync(first, second, ct) is { } consistency
                ? Results.Json(new
                {
                    consistency.First,
                    firstRoot = Hex(consistency.FirstRoot),
                    consistency.Second,
                    secondRoot = Hex(consistency.SecondRoot),
                    proof = consistency.Proof.Select(Hex),
                })
                : Refusal("first is at least 1 and at most second, and second at most as many as there are entries.");
        }
        catch (InvalidDataException exception)
        {
            return Broken(exception);
        }
    }

    static object Written(LedgerProof proof) => new
    {
        leaf = proof.Leaf is { } leaf ? JsonNode.Parse(leaf) : null,
        leafHash = Hex(proof.LeafHash),
        leafIndex = proof.LeafIndex,
        leafPath = proof.LeafPath.Select(Hex),
        entry = JsonNode.Parse(proof.EntryText),
        entryIndex = proof.Entry.Number - 1,
        entryPath = proof.EntryPath.Select(Hex),
        size = proof.Head.Size,
        root = Hex(proof.Head.Root),
    };

    static LedgerKind? KindOrNull(string? text) =>
        Enum.GetValues<LedgerKind>().Where(kind => Name(kind) == text).Select(kind => (LedgerKind?)kind)
            .FirstOrDefault();

    static long? NumberOrNull(string? text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    static string Name(LedgerKind kind) => JsonNamingPolicy.CamelCase.ConvertName(kind.ToString());

    static string Hex(byte[] hash) => Convert.ToHexStringLower(hash);

    static IResult Broken(InvalidDataException exception) =>
        Results.Text(exception.Message, statusCode: StatusCodes.Status409Conflict);

    static IResult Refusal(string problem) => Results.Text(problem, statusCode: StatusCodes.Status400BadRequest);
}
