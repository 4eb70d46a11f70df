using Deployments.Web.Demo;

namespace Deployments.Web.Startup;

/// <summary>The switch <c>--demo</c>: an invented history to look at.</summary>
static class DemoSetup
{
    /// <summary>Opens the pages of an invented history to everybody, unless something says otherwise.</summary>
    public static string[] Settings(string[] args) =>
        args.Contains("--demo") && Environment.GetEnvironmentVariable("Deployments__AnonymousView") is null
            ? ["--Deployments:AnonymousView=true"]
            : [];

    public static void AddDemo(this WebApplicationBuilder builder) => builder.Services.AddSingleton<DemoLoader>();

    /// <summary>Loads the history before the server answers anyone.</summary>
    public static Task LoadDemoAsync(this WebApplication app) =>
        app.Services.GetRequiredService<DemoLoader>().LoadOnceAsync(DemoLoader.Records, CancellationToken.None);
}
