using Deployments.Data.Accounts;
using Deployments.Data.Octopus;
using Deployments.Web.Accounts;
using Deployments.Web.Octopus;

namespace Deployments.Web.Api;

/// <summary>Connections to Octopus servers, and what their subscriptions send.</summary>
static class OctopusApi
{
    const int EventBytesMax = 256 << 10;

    public static void Map(IEndpointRouteBuilder routes)
    {
        var connections = routes.MapGroup("/api/integrations").RequirePermission(Permissions.Manage)
            .AddEndpointFilter(ApiRefusal.AnswerAsync);
        connections.MapGet("/octopus", ListAsync);
        connections.MapPost("/octopus", CreateAsync);
        connections.MapPost("/octopus/{name}/poll", PollAsync);
        connections.MapDelete("/octopus/{name}", DeleteAsync);
        routes.MapPost("/api/integrations/octopus/{name}/events", TakeEventAsync)
            .AddEndpointFilter(UnexpectedErrors.AnswerAsync);
    }

    static async Task<IResult> ListAsync(
        OctopusConnectionStore connections, OctopusDeploymentStore deployments, CancellationToken ct)
    {
        var all = new List<object>();
        foreach (var octopus in await connections.AllAsync(ct))
            all.Add(ToJson(octopus, await deployments.CountsAsync(octopus.ConnectionId, ct)));
        return Results.Json(all);
    }

    static async Task<IResult> CreateAsync(
        HttpContext context, OctopusDesk desk, OctopusValidator validator, OctopusConnectionStore connections,
        CancellationToken ct)
    {
        var given = await ApiFields.ReadAsync(context);
        var input = new OctopusInput
        {
            Name = given.Required("name"),
            Url = given.Required("url"),
            ApiKey = given.Required("apiKey"),
            Spaces = given.Names("spaces") ?? [],
            Environments = given.Names("environments") ?? [],
            From = given.Time("from"),
        };
        ApiValidation.ThrowUnlessValid(
            validator, input, property => char.ToLowerInvariant(property[0]) + property[1..]);
        var by = ApiAccess.CallerOf(context).ActorFor(context);
        if (!await desk.AddAsync(input, context.Request.Host.Value ?? "", by, ct))
            throw ApiRefusal.Clash("name: another connection has this name.");
        var made = await connections.FindOrNullAsync(input.Name, ct) ?? throw Unknown(input.Name);
        return Results.Json(new
        {
            made.Name,
            made.Url,
            made.Spaces,
            made.Environments,
            from = made.FromAt,
            events = new
            {
                path = $"/api/integrations/octopus/{Uri.EscapeDataString(made.Name)}/events",
                header = OctopusDesk.SecretHeader,
                secret = desk.SecretOrNull(made),
            },
        }, statusCode: StatusCodes.Status201Created);
    }

    static async Task<IResult> PollAsync(string name, OctopusConnectionStore connections, CancellationToken ct)
    {
        var octopus = await connections.FindOrNullAsync(name, ct) ?? throw Unknown(name);
        await connections.PollSoonAsync(octopus.ConnectionId, ct);
        return Results.Text("It is polled within seconds.", statusCode: StatusCodes.Status202Accepted);
    }

    static async Task<IResult> DeleteAsync(
        HttpContext context, string name, OctopusConnectionStore connections, CancellationToken ct) =>
        await connections.DeleteAsync(name, ApiAccess.CallerOf(context).ActorFor(context), ct)
            ? Results.Ok()
            : throw Unknown(name);

    /// <summary>
    /// Takes an event. Octopus sends it once and never again: it is answered when it is durable, and looked into later.
    /// </summary>
    static async Task<IResult> TakeEventAsync(
        HttpContext context, string name, OctopusConnectionStore connections, OctopusDeploymentStore deployments,
        OctopusSecrets secrets, TimeProvider time, CancellationToken ct)
    {
        string? given = context.Request.Headers[OctopusDesk.SecretHeader];
        var octopus = await connections.FindOrNullAsync(name, ct);
        // The same answer whether or not there is such a connection.
        if (octopus is null || !secrets.IsSecret(given, octopus.SecretEncrypted))
            return Results.Text($"The header {OctopusDesk.SecretHeader} does not have the secret of this connection.",
                statusCode: StatusCodes.Status403Forbidden);

        var buffer = new byte[EventBytesMax + 1];
        var length = await context.Request.Body.ReadAtLeastAsync(
            buffer, buffer.Length, throwOnEndOfStream: false, ct);
        if (length > EventBytesMax)
            return Results.Text($"The body is larger than {EventBytesMax >> 10} KB.",
                statusCode: StatusCodes.Status413PayloadTooLarge);
        if (OctopusEvent.ParseOrNull(buffer.AsSpan(0, length)) is not { } told)
            return Results.Text("The body must be an event of an Octopus subscription: Payload.Event is missing.",
                statusCode: StatusCodes.Status400BadRequest);
        foreach (var deploymentId in told.DeploymentIds)
            await deployments.PushAsync(octopus.ConnectionId, told.SpaceId, deploymentId, time.GetUtcNow(), ct);
        return Results.Json(new { deployments = told.DeploymentIds }, statusCode: StatusCodes.Status202Accepted);
    }

    static object ToJson(OctopusConnection octopus, OctopusCounts counts) => new
    {
        octopus.Name,
        octopus.Url,
        octopus.Spaces,
        octopus.Environments,
        from = octopus.FromAt,
        octopus.IsPaused,
        octopus.PolledAt,
        octopus.FailingSince,
        octopus.Problem,
        counts.Found,
        counts.Waiting,
        counts.Records,
        counts.SetAside,
    };

    static ApiRefusal Unknown(string name) => ApiRefusal.NotFound($"There is no connection called {name}.");
}
