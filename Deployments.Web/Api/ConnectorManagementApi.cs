using System.Text.Json.Nodes;
using Deployments.Data.Accounts;
using Deployments.Data.Feeds;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;
using Deployments.Web.Pages.Feeds;

namespace Deployments.Web.Api;

/// <summary>ProGet's Connector Management API. A connector's password goes in and never comes out.</summary>
sealed class ConnectorManagementApi(
    FeedQueries queries, ConnectorStore store, ConnectorSecrets secrets, FeedTypeCatalog types)
{
    const int PasswordLengthMax = 4000; // some upstreams take signed tokens as passwords

    static readonly HashSet<string> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        "name", "feedType", "url", "timeout", "username", "password",
    };

    public static void Map(IEndpointRouteBuilder routes)
    {
        var connectors = routes.MapGroup("/api/management/connectors").RequirePermission(Permissions.Feeds)
            .AddEndpointFilter(ApiRefusal.AnswerAsync).AddEndpointFilter(FeedReload.AfterAsync);
        connectors.MapGet("/list", (HttpContext context, ConnectorManagementApi api) => api.ListAsync(context));
        connectors.MapGet("/get/{name}",
            (HttpContext context, string name, ConnectorManagementApi api) => api.GetAsync(context, name));
        connectors.MapMethods("/create", ["POST", "PUT"],
            (HttpContext context, ConnectorManagementApi api) => api.CreateAsync(context));
        connectors.MapMethods("/update/{name}", ["POST", "PUT"],
            (HttpContext context, string name, ConnectorManagementApi api) => api.UpdateAsync(context, name));
        connectors.MapMethods("/delete/{name}", ["POST", "DELETE"],
            (HttpContext context, string name, ConnectorManagementApi api) => api.DeleteAsync(context, name));
    }

    async Task<IResult> ListAsync(HttpContext context)
    {
        var connectors = await queries.ConnectorsAsync(context.RequestAborted);
        return Results.Json(new JsonArray([.. connectors.Select(ToJson)]));
    }

    async Task<IResult> GetAsync(HttpContext context, string name) =>
        await queries.ConnectorByNameOrNullAsync(name, context.RequestAborted) is { } connector
            ? Results.Json(ToJson(connector))
            : throw Unknown(name);

    async Task<IResult> CreateAsync(HttpContext context)
    {
        var given = await ApiFields.ReadAsync(context);
        var connector = Apply(given, new ConnectorFields
        {
            Name = given.Required("name"),
            FeedType = TypeOf(given.Required("feedType")),
            Url = given.Required("url"),
        });
        var by = ApiAccess.CallerOf(context).ActorFor(context);
        ThrowUnlessSaved(await store.AddAsync(connector, by, context.RequestAborted), connector.Name);
        return await GetAsync(context, connector.Name);
    }

    async Task<IResult> UpdateAsync(HttpContext context, string name)
    {
        var given = await ApiFields.ReadAsync(context);
        var newName = name;
        var outcome = await store.ChangeAsync(
            name,
            connector =>
            {
                var changed = Apply(given, connector);
                newName = changed.Name;
                return changed;
            },
            ApiAccess.CallerOf(context).ActorFor(context),
            context.RequestAborted);
        ThrowUnlessSaved(outcome, name);
        return await GetAsync(context, newName);
    }

    async Task<IResult> DeleteAsync(HttpContext context, string name)
    {
        var by = ApiAccess.CallerOf(context).ActorFor(context);
        return await store.DeleteAsync(name, by, context.RequestAborted) ? Results.Ok() : throw Unknown(name);
    }

    /// <summary>The connector with what was given; what was not given stays.</summary>
    ConnectorFields Apply(ApiFields given, ConnectorFields connector)
    {
        if (given.Text("feedType") is { } type && TypeOf(type) != connector.FeedType)
            throw ApiRefusal.Invalid("feedType", "cannot be changed; make another connector");
        var password = given.Text("password");
        if (password?.Length > PasswordLengthMax)
            throw ApiRefusal.Invalid("password", "is too long");
        var changed = connector with
        {
            Name = given.Has("name") ? given.Required("name") : connector.Name,
            Url = given.Has("url") ? given.Required("url") : connector.Url,
            TimeoutSeconds = given.Number("timeout") ?? connector.TimeoutSeconds,
            Username = given.Has("username") ? NullIfEmpty(given.Text("username")) : connector.Username,
            PasswordEncrypted = !given.Has("password") ? connector.PasswordEncrypted
                : string.IsNullOrEmpty(password) ? null
                : secrets.Protect(password),
            Properties = given.OthersOver(connector.Properties, Known),
        };
        ApiValidation.ThrowUnlessValid(new ConnectorValidator(types), changed,
            property => property == nameof(ConnectorFields.TimeoutSeconds) ? "timeout" : property.ToLowerInvariant());
        if (!ConnectorValidator.MayKeepPassword(connector, changed))
            throw ApiRefusal.Invalid("password", "must be given again when the url leads to another server");
        return changed;
    }

    string TypeOf(string name) => types.FindOrNull(name)?.Key
        ?? throw ApiRefusal.Invalid("feedType", "is not a known feed type; known are "
            + string.Join(", ", types.All.Select(type => type.Key)));

    static JsonObject ToJson(Connector connector)
    {
        var json = JsonNode.Parse(connector.Properties)!.AsObject();
        json["name"] = connector.Name;
        json["url"] = connector.Url;
        json["feedType"] = connector.FeedType;
        json["timeout"] = connector.TimeoutSeconds;
        if (connector.Username is not null)
            json["username"] = connector.Username;
        return json;
    }

    static void ThrowUnlessSaved(FeedOutcome outcome, string name)
    {
        if (outcome == FeedOutcome.NotFound)
            throw Unknown(name);
        if (outcome == FeedOutcome.NameTaken)
            throw ApiRefusal.Clash("name: another connector has this name.");
    }

    static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    static ApiRefusal Unknown(string name) => ApiRefusal.NotFound($"There is no connector called {name}.");
}
