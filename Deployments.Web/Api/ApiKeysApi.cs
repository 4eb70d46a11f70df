using System.Text.Json.Nodes;
using Deployments.Data.Accounts;
using Deployments.Web.Accounts;

namespace Deployments.Web.Api;

/// <summary>ProGet's API Keys API. A key is shown by the answer that makes it and never again.</summary>
sealed class ApiKeysApi(ApiKeyQueries queries, ApiKeyStore store, Credentials credentials, TimeProvider time)
{
    static readonly HashSet<string> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        "id", "type", "key", "displayName", "description", "feed", "user", "expiration",
    };

    public static void Map(IEndpointRouteBuilder routes)
    {
        var keys = routes.MapGroup("/api/api-keys").RequirePermission(Permissions.Manage)
            .AddEndpointFilter(ApiRefusal.AnswerAsync);
        keys.MapGet("/list", (HttpContext context, ApiKeysApi api) => api.ListAsync(context));
        keys.MapMethods("/create", ["POST", "PUT"], (HttpContext context, ApiKeysApi api) => api.CreateAsync(context));
        keys.MapMethods("/delete", ["POST", "DELETE"], (HttpContext context, ApiKeysApi api) =>
            api.DeleteAsync(context));
    }

    async Task<IResult> ListAsync(HttpContext context)
    {
        var keys = await queries.AllAsync(context.RequestAborted);
        return Results.Json(new JsonArray([.. keys.Where(key => key.RevokedAt is null).Select(key => ToJson(
            key.ApiKeyId, key.Type, key.DisplayName, key.Description, key.Permissions, key.FeedName, key.Account?.Name,
            key.ExpiresAt, key.Properties))]));
    }

    async Task<IResult> CreateAsync(HttpContext context)
    {
        var ct = context.RequestAborted;
        var caller = ApiAccess.CallerOf(context);
        var given = await ApiFields.ReadAsync(context);
        var key = given.Text("key") is { Length: > 0 } chosen ? chosen : ApiKeys.Make();
        if (!ApiKeys.CanBe(key))
        {
            throw ApiRefusal.Invalid("key",
                $"must be {ApiKeys.LengthMin} to {ApiKeys.LengthMax} visible ASCII characters without a colon");
        }

        var made = Read(given, ApiKeys.Hash(key), caller);
        var (outcome, id) = await store.AddAsync(made, caller.ActorFor(context), ct);
        switch (outcome)
        {
            case ApiKeyOutcome.KeyTaken:
                throw ApiRefusal.Clash("key: exists already.");
            case ApiKeyOutcome.UnknownFeed:
                throw ApiRefusal.Invalid("feed", "does not exist");
            case ApiKeyOutcome.UnknownAccount:
                throw ApiRefusal.Invalid("user", "does not exist");
        }

        var json = ToJson(id, made.Type, made.DisplayName, made.Description, made.Permissions, made.Feed, made.Account,
            made.ExpiresAt, made.Properties);
        json["key"] = key;
        return Results.Json(json);
    }

    async Task<IResult> DeleteAsync(HttpContext context)
    {
        if (!int.TryParse(context.Request.Query["id"], out var id))
            throw ApiRefusal.Invalid("id", "must be the number of an API key");
        var by = ApiAccess.CallerOf(context).ActorFor(context);
        if (!await store.RevokeAsync(id, time.GetUtcNow(), by, context.RequestAborted))
            throw ApiRefusal.NotFound($"There is no API key {id}.");
        await credentials.RefreshAsync(context.RequestAborted);
        return Results.Ok();
    }

    NewApiKey Read(ApiFields given, byte[] hash, Caller caller)
    {
        var type = given.Required("type").ToUpperInvariant() switch
        {
            "SYSTEM" => "System",
            "FEED" => "Feed",
            "PERSONAL" => "Personal",
            _ => throw ApiRefusal.Invalid("type", "must be System, Feed or Personal"),
        };
        if (given.Text("feedGroup") is { Length: > 0 })
            throw ApiRefusal.Invalid("feedGroup", "is not supported; name one feed, or none for all of them");
        if (given.Text("feed") is { Length: > 0 } && type != "Feed")
            throw ApiRefusal.Invalid("feed", "is for keys of type Feed");
        var expiresAt = given.End("expiration");
        if (expiresAt <= time.GetUtcNow())
            throw ApiRefusal.Invalid("expiration", "is in the past");
        var key = new NewApiKey
        {
            KeyHash = hash,
            Type = type,
            DisplayName = Limited(given, "displayName", 200),
            Description = Limited(given, "description", 2000),
            Permissions = type switch
            {
                "System" => Permitted(given, "systemApis", SystemApi),
                "Feed" => Permitted(given, "packagePermissions", PackagePermission),
                _ => Permissions.All, // as far as its account's role allows
            },
            Feed = given.Text("feed") is { Length: > 0 } feed ? feed : null,
            Account = type != "Personal" ? null
                : given.Text("user") ?? caller.AccountName ?? throw ApiRefusal.Invalid("user", "is required"),
            ExpiresAt = expiresAt,
            Properties = given.OthersOver("{}", Known),
        };
        return key.Properties.Length <= 10_000 ? key : throw ApiRefusal.Invalid("body", "is too long");
    }

    static string Limited(ApiFields given, string name, int lengthMax)
    {
        var text = given.Text(name) ?? "";
        return text.Length <= lengthMax && !text.Any(char.IsControl)
            ? text
            : throw ApiRefusal.Invalid(name,
                $"must not be longer than {lengthMax} characters or contain control characters");
    }

    static Permissions Permitted(ApiFields given, string name, Func<string, Permissions?> read)
    {
        var names = given.Names(name);
        if (names is null or [])
            throw ApiRefusal.Invalid(name, "must name at least one");
        return names.Aggregate(Permissions.None, (all, one) =>
            all | (read(one.ToUpperInvariant()) ?? throw ApiRefusal.Invalid(name, $"has no '{one}'")));
    }

    // What a key for analyses or SBOM upload would open does not exist here; such a key may look, no more.
    static Permissions? SystemApi(string name) => name switch
    {
        "FULL-CONTROL" => Permissions.All,
        "FEEDS" => Permissions.Feeds | Permissions.View,
        "SCA" or "SBOM-UPLOAD" => Permissions.View,
        _ => null,
    };

    static Permissions? PackagePermission(string name) => name switch
    {
        "VIEW" => Permissions.View,
        "ADD" or "PROMOTE" => Permissions.Add,
        "DELETE" => Permissions.Delete,
        _ => null,
    };

    static JsonObject ToJson(
        int id, string type, string displayName, string description, Permissions permissions, string? feed,
        string? user,
        DateTimeOffset? expiresAt, string properties)
    {
        // A key made by a tool keeps the permissions in the tool's words; a key made on a page gets the nearest ones.
        var json = JsonNode.Parse(properties)!.AsObject();
        json["id"] = id;
        json["type"] = type;
        if (displayName.Length > 0)
            json["displayName"] = displayName;
        if (description.Length > 0)
            json["description"] = description;
        if (type == "System" && !json.ContainsKey("systemApis"))
            json["systemApis"] = new JsonArray(permissions.HasFlag(Permissions.Manage) ? "full-control" : "feeds");
        if (type == "Feed" && !json.ContainsKey("packagePermissions"))
        {
            var given = new[] { Permissions.View, Permissions.Add, Permissions.Delete }
                .Where(one => permissions.HasFlag(one))
                .Select(one => JsonValue.Create(one.ToString().ToLowerInvariant()));
            json["packagePermissions"] = new JsonArray([.. given]);
        }

        if (feed is not null)
            json["feed"] = feed;
        if (user is not null)
            json["user"] = user;
        if (expiresAt is not null)
            json["expiration"] = expiresAt.Value.UtcDateTime;
        if (!json.ContainsKey("logging"))
            json["logging"] = "None";
        return json;
    }
}
