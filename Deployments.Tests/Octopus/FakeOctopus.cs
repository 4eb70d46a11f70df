using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Deployments.Tests.Octopus;

/// <summary>
/// An Octopus server as far as its REST API tells of deployments, on a real Kestrel: paging, rate limits and errors as
/// a test wants them. Values are invented, shapes are those of its public reference.
/// </summary>
public sealed class FakeOctopus : IAsyncDisposable
{
    public const string ApiKey = "API-FAKE0123456789";

    readonly WebApplication app;
    readonly ConcurrentDictionary<string, JsonNode> documents = new(StringComparer.OrdinalIgnoreCase);
    readonly List<JsonObject> tasks = [];
    readonly ConcurrentQueue<(DateTimeOffset At, string Path)> requests = new();
    readonly Lock gate = new();
    int posts;

    FakeOctopus(WebApplication app) => this.app = app;

    public Uri Url { get; private set; } = new("http://localhost/");

    /// <summary>The clock by which requests are noted.</summary>
    public TimeProvider Time { get; set; } = TimeProvider.System;

    /// <summary>Answers in place of the server where it returns true.</summary>
    public Func<HttpContext, int, bool>? Trouble { get; set; }

    /// <summary>What was asked, oldest first.</summary>
    public IReadOnlyList<(DateTimeOffset At, string Path)> Requests => [.. requests];

    /// <summary>Subscriptions that were made.</summary>
    public ConcurrentQueue<JsonNode> Subscriptions { get; } = new();

    public static async Task<FakeOctopus> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var fake = new FakeOctopus(builder.Build());
        fake.app.Run(fake.AnswerAsync);
        await fake.app.StartAsync();
        fake.Url = new Uri(fake.app.Services.GetRequiredService<IServer>().Features
            .Get<IServerAddressesFeature>()!.Addresses.First());
        fake.documents["/api/spaces/all"] = JsonNode.Parse("""[{"Id":"Spaces-1","Name":"Default"}]""")!;
        fake.Put("/api/Spaces-1/environments/Environments-2", """{"Id":"Environments-2","Name":"Production"}""");
        fake.Put("/api/Spaces-1/projects/Projects-3", """{"Id":"Projects-3","Name":"Shop"}""");
        return fake;
    }

    /// <summary>What the server has at a path.</summary>
    public void Put(string path, string json) => documents[path] = JsonNode.Parse(json)!;

    /// <summary>Takes away what the server has at a path.</summary>
    public void Remove(string path) => documents.TryRemove(path, out _);

    /// <summary>Adds a deployment with its task, release, process and feed.</summary>
    public void Add(FakeDeployment told)
    {
        var id = told.Number;
        var completed = told.CompletedAt.ToString("yyyy-MM-dd'T'HH:mm:ss.fffzzz", CultureInfo.InvariantCulture);
        var machines = told.Machines.Select(machine => machine.Id).ToList();
        var task = new JsonObject
        {
            ["Id"] = $"ServerTasks-{id}",
            ["Name"] = "Deploy",
            ["Arguments"] = new JsonObject { ["DeploymentId"] = $"Deployments-{id}" },
            ["State"] = told.State,
            ["CompletedTime"] = completed,
            ["SpaceId"] = "Spaces-1",
        };
        Put($"/api/Spaces-1/deployments/Deployments-{id}", new JsonObject
        {
            ["Id"] = $"Deployments-{id}",
            ["ProjectId"] = "Projects-3",
            ["ReleaseId"] = $"Releases-{told.Release}",
            ["EnvironmentId"] = "Environments-2",
            ["TenantId"] = null,
            ["TaskId"] = $"ServerTasks-{id}",
            ["DeploymentProcessId"] = "deploymentprocess-Projects-3-s-4-ABCDE",
            ["DeployedBy"] = "jane.doe",
            ["DeployedToMachineIds"] = new JsonArray([.. machines.Select(machine => JsonValue.Create(machine))]),
            ["SpaceId"] = "Spaces-1",
        }.ToJsonString());
        Put($"/api/Spaces-1/releases/Releases-{told.Release}", new JsonObject
        {
            ["Id"] = $"Releases-{told.Release}",
            ["Version"] = told.Release,
            ["SelectedPackages"] = new JsonArray(new JsonObject
            {
                ["ActionName"] = "Deploy web",
                ["PackageReferenceName"] = "",
                ["Version"] = told.Release,
            }),
        }.ToJsonString());
        Put("/api/Spaces-1/deploymentprocesses/deploymentprocess-Projects-3-s-4-ABCDE/template", told.Template);
        Put($"/api/tasks/ServerTasks-{id}/details", new JsonObject
        {
            ["Task"] = task.DeepClone(),
            ["ActivityLogs"] = new JsonArray(Node(
                "Deploy Shop", told.State,
                Node("Acquire packages", "Success"),
                Node("Step 1: Deploy web", told.State,
                    [.. told.Machines.Select(machine => Node(machine.Name, machine.Status))]))),
        }.ToJsonString());
        foreach (var machine in told.Machines)
            documents[$"machine {machine.Id}"] = new JsonObject { ["Id"] = machine.Id, ["Name"] = machine.Name };
        lock (gate)
            tasks.Add(task);
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync(new CancellationToken(canceled: true));
        await app.DisposeAsync();
    }

    static JsonObject Node(string name, string status, params JsonNode[] children) => new JsonObject
    {
        ["Name"] = name,
        ["Status"] = status,
        ["Children"] = new JsonArray(children),
    };

    async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        requests.Enqueue((Time.GetUtcNow(), path + context.Request.QueryString));
        if (Trouble?.Invoke(context, requests.Count) == true)
            return;
        if (context.Request.Headers["X-Octopus-ApiKey"] != ApiKey)
        {
            await SayAsync(context, 401, """{"ErrorMessage":"You must be logged in to request this resource."}""");
            return;
        }

        if (context.Request.Method == "POST")
        {
            Subscriptions.Enqueue((await JsonNode.ParseAsync(context.Request.Body))!);
            await SayAsync(context, 201, $$"""{"Id":"Subscriptions-{{Interlocked.Increment(ref posts)}}"}""");
        }
        else if (path.EndsWith("/tasks", StringComparison.Ordinal))
            await SayAsync(context, 200, Tasks(context.Request.Query).ToJsonString());
        else if (path.EndsWith("/machines", StringComparison.Ordinal))
            await SayAsync(context, 200, Machines(context.Request.Query["ids"]!).ToJsonString());
        else if (documents.TryGetValue(path, out var document))
            await SayAsync(context, 200, document.ToJsonString());
        else
            await SayAsync(context, 404, """{"ErrorMessage":"The resource was not found."}""");
    }

    JsonObject Tasks(IQueryCollection query)
    {
        var from = DateTimeOffset.Parse(query["fromCompletedDate"]!, CultureInfo.InvariantCulture);
        List<JsonObject> found;
        lock (gate)
            found = [.. tasks.Where(task => DateTimeOffset.Parse(
                (string)task["CompletedTime"]!, CultureInfo.InvariantCulture) >= from)];
        found.Reverse(); // the newest come first
        return List(found, int.Parse(query["skip"]!, CultureInfo.InvariantCulture),
            Math.Min(100, int.Parse(query["take"]!, CultureInfo.InvariantCulture)));
    }

    JsonObject Machines(string ids) => List(
        [.. ids.Split(',').Where(id => documents.ContainsKey($"machine {id}"))
            .Select(id => documents[$"machine {id}"].AsObject())], 0, 100);

    static JsonObject List(List<JsonObject> all, int skip, int take) => new()
    {
        ["TotalResults"] = all.Count,
        ["ItemsPerPage"] = take,
        ["Items"] = new JsonArray([.. all.Skip(skip).Take(take).Select(item => item.DeepClone())]),
    };

    static async Task SayAsync(HttpContext context, int status, string json)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json; charset=utf-8";
        await context.Response.WriteAsync(json);
    }
}

/// <summary>A deployment of the project Shop to Production: one step, "Deploy web".</summary>
public sealed record FakeDeployment(int Number, DateTimeOffset CompletedAt)
{
    public string Release { get; init; } = "1.4.2";

    public string State { get; init; } = "Success";

    public (string Id, string Name, string Status)[] Machines { get; init; } = [("Machines-1", "web-01", "Success")];

    public string Template { get; init; } = TemplateOf("Shop.Web", "Feeds-9", isResolvable: true);

    public static string TemplateOf(string package, string feed, bool isResolvable) =>
        $$"""
        {"Packages":[{"ActionName":"Deploy web","StepName":"Deploy web","PackageReferenceName":"",
        "PackageId":"{{package}}","FeedId":"{{feed}}",
        "FixedVersion":null,"IsResolvable":{{(isResolvable ? "true" : "false")}}}]}
        """;
}
