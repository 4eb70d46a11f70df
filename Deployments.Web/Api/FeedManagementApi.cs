using System.Text.Json.Nodes;
using Deployments.Data.Accounts;
using Deployments.Data.Feeds;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;
using Deployments.Web.Pages.Feeds;
using Deployments.Web.Settings;

namespace Deployments.Web.Api;

/// <summary>ProGet's Feed Management API, as its client library speaks it.</summary>
sealed class FeedManagementApi(FeedQueries queries, FeedStore store, FeedTypeCatalog types)
{
    static readonly HashSet<string> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        "name", "feedType", "alternateNames", "description", "active", "anonymousAccess", "groupsOnly",
        "deploymentRecordsEnabled", "connectors", "endpointUrl", "distributions",
    };

    public static void Map(IEndpointRouteBuilder routes)
    {
        var feeds = routes.MapGroup("/api/management/feeds").RequirePermission(Permissions.Feeds)
            .AddEndpointFilter(ApiRefusal.AnswerAsync).AddEndpointFilter(FeedReload.AfterAsync);
        feeds.MapGet("/list", (HttpContext context, FeedManagementApi api) => api.ListAsync(context));
        feeds.MapMethods("/create", ["POST", "PUT"],
            (HttpContext context, FeedManagementApi api) => api.CreateAsync(context));
        feeds.MapMethods("/delete/{name}", ["POST", "DELETE"],
            (HttpContext context, string name, FeedManagementApi api) => api.DeleteAsync(context, name));

        // These for groups too that manage the feed.
        var feed = routes.MapGroup("/api/management/feeds").RequirePermission(Permissions.Feeds, anyFeed: true)
            .AddEndpointFilter(ApiRefusal.AnswerAsync).AddEndpointFilter(FeedReload.AfterAsync);
        feed.MapGet("/get/{name}", (HttpContext context, string name, FeedManagementApi api) =>
            api.GetAsync(context, name));
        feed.MapMethods("/update/{name}", ["POST", "PUT"],
            (HttpContext context, string name, FeedManagementApi api) => api.UpdateAsync(context, name));
    }

    async Task<IResult> ListAsync(HttpContext context)
    {
        var feeds = await queries.AllAsync(VisibleFeeds.All, context.RequestAborted);
        return Results.Json(new JsonArray([.. feeds.Select(feed => ToJson(context, feed))]));
    }

    async Task<IResult> GetAsync(HttpContext context, string name)
    {
        var feed = await queries.ByNameOrNullAsync(name, VisibleFeeds.All, context.RequestAborted);
        var caller = ApiAccess.CallerOf(context);
        if (!caller.Can(Permissions.Feeds) && (feed is null || !caller.CanChange(feed.FeedId)))
            throw NotPermitted(caller);
        return feed is null ? throw Unknown(name) : Results.Json(ToJson(context, feed));
    }

    async Task<IResult> CreateAsync(HttpContext context)
    {
        var ct = context.RequestAborted;
        var given = await ApiFields.ReadAsync(context);
        var blank = new FeedFields { Name = given.Required("name"), FeedType = TypeOf(given.Required("feedType")) };
        var feed = Apply(given, blank, await queries.ConnectorsAsync(ct));
        var by = ApiAccess.CallerOf(context).ActorFor(context);
        ThrowUnlessSaved(await store.AddAsync(feed, by, ct), feed.Name);
        return await GetAsync(context, feed.Name);
    }

    async Task<IResult> UpdateAsync(HttpContext context, string name)
    {
        var (ct, caller) = (context.RequestAborted, ApiAccess.CallerOf(context));
        await GetAsync(context, name);
        var given = await ApiFields.ReadAsync(context);
        var connectors = await queries.ConnectorsAsync(ct);
        var newName = name;
        var outcome = await store.ChangeAsync(
            name,
            feed =>
            {
                var changed = Apply(given, feed, connectors);
                if (!caller.Can(Permissions.Feeds) && !feed.LeavesToManagers(changed))
                    throw NotPermitted(caller);
                newName = changed.Name;
                return changed;
            },
            caller.ActorFor(context),
            ct);
        ThrowUnlessSaved(outcome, name);
        return await GetAsync(context, newName);
    }

    async Task<IResult> DeleteAsync(HttpContext context, string name)
    {
        var by = ApiAccess.CallerOf(context).ActorFor(context);
        return await store.DeleteAsync(name, by, context.RequestAborted) ? Results.Ok() : throw Unknown(name);
    }

    /// <summary>The feed with what was given; what was not given stays.</summary>
    FeedFields Apply(ApiFields given, FeedFields feed, IReadOnlyList<Connector> connectors)
    {
        if (given.Text("feedType") is { } type && TypeOf(type) != feed.FeedType)
            throw ApiRefusal.Invalid("feedType", "cannot be changed; make another feed");
        var changed = feed with
        {
            Name = given.Has("name") ? given.Required("name") : feed.Name,
            AlternateNames = given.Has("alternateNames") ? given.Names("alternateNames") ?? [] : feed.AlternateNames,
            Description = given.Has("description") ? given.Text("description") ?? "" : feed.Description,
            Active = given.Flag("active") ?? feed.Active,
            AnonymousAccess = given.Flag("anonymousAccess")
                ?? (feed.AnonymousAccess && given.Flag("groupsOnly") != true),
            GroupsOnly = given.Flag("groupsOnly") ?? feed.GroupsOnly,
            DeploymentRecordsEnabled = given.Flag("deploymentRecordsEnabled") ?? feed.DeploymentRecordsEnabled,
            Connectors = given.Has("connectors") ? given.Names("connectors") ?? [] : feed.Connectors,
            Distributions = given.Has("distributions")
                ? Distributions.Read(given.Names("distributions") ?? []) : feed.Distributions,
            Properties = given.OthersOver(feed.Properties, Known),
        };
        ApiValidation.ThrowUnlessValid(new FeedValidator(types), changed);
        if (FeedValidator.ConnectorProblemOrNull(changed, connectors, types) is { } problem)
            throw ApiRefusal.Invalid("connectors", problem);
        return changed;
    }

    string TypeOf(string name) => types.FindOrNull(name)?.Key
        ?? throw ApiRefusal.Invalid("feedType", "is not a known feed type; known are "
            + string.Join(", ", types.All.Select(type => type.Key)));

    JsonObject ToJson(HttpContext context, Feed feed)
    {
        var json = JsonNode.Parse(feed.Properties)!.AsObject();
        json["name"] = feed.Name;
        json["feedType"] = feed.FeedType;
        json["alternateNames"] = new JsonArray([.. feed.AlternateNames.Select(name => JsonValue.Create(name))]);
        if (feed.Description.Length > 0)
            json["description"] = feed.Description;
        json["active"] = feed.Active;
        json["anonymousAccess"] = feed.AnonymousAccess;
        json["groupsOnly"] = feed.GroupsOnly;
        json["deploymentRecordsEnabled"] = feed.DeploymentRecordsEnabled;
        json["connectors"] = new JsonArray([.. feed.Connectors.Select(connector => JsonValue.Create(connector.Name))]);
        if (types.FindOrNull(feed.FeedType) is not { } type)
            return json;
        if (Distributions.Examples(type.PackageType).Count > 0)
            json["distributions"] = new JsonArray([.. feed.Distributions.Select(name => JsonValue.Create(name))]);
        json["endpointUrl"] = $"{ServerAddress.Of(context)}/{type.Root}/{feed.Name}/";
        return json;
    }

    static void ThrowUnlessSaved(FeedOutcome outcome, string name)
    {
        switch (outcome)
        {
            case FeedOutcome.NotFound:
                throw Unknown(name);
            case FeedOutcome.NameTaken:
                throw ApiRefusal.Clash("name: another feed answers to this name or to one of the alternate names.");
            case FeedOutcome.UnknownConnector:
                throw ApiRefusal.Invalid("connectors", "names a connector that does not exist");
        }
    }

    static ApiRefusal NotPermitted(Caller caller) =>
        new(StatusCodes.Status403Forbidden, $"{caller.Name} is not permitted to do this.");

    static ApiRefusal Unknown(string name) => ApiRefusal.NotFound($"There is no feed called {name}.");
}
