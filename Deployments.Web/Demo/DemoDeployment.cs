using Deployments.Data.Records;
using Deployments.Web.Feeds;

namespace Deployments.Web.Demo;

/// <summary>One deployment of the invented history.</summary>
/// <param name="At">When, UTC.</param>
/// <param name="FeedType">Key of the type of the feed it came through.</param>
/// <param name="Package">What.</param>
/// <param name="Target">Where to.</param>
/// <param name="Tool">What deployed it.</param>
/// <param name="User">Who deployed it.</param>
/// <param name="Description">Why.</param>
/// <param name="Url">Where more is written about it; null when nowhere.</param>
/// <param name="Road">How its record came in.</param>
sealed record DemoDeployment(
    DateTimeOffset At, string FeedType, PackageCoordinates Package, string Target, DemoTool Tool, string User,
    string Description, string? Url, RecordRoad Road);

/// <summary>A tool that deploys.</summary>
/// <param name="Application">As in records.</param>
/// <param name="UserAgent">What it calls itself in requests.</param>
/// <param name="Recorder">The API key it uses, as records name it.</param>
sealed record DemoTool(string Application, string UserAgent, string Recorder)
{
    /// <summary>The tools for Windows servers.</summary>
    public static IReadOnlyList<DemoTool> ForWindows { get; } =
    [
        new("BuildMaster", "BuildMaster/2024.6", "API key \"buildmaster\""),
        new("Octopus Deploy", "Octopus/2024.4", "API key \"octopus\""),
        new("Azure Pipelines", "AzurePipelines/3.248", "API key \"pipelines\""),
        new("deploy.ps1", "PowerShell/7.4", "Anonymous"),
    ];

    /// <summary>The tools for Linux servers.</summary>
    public static IReadOnlyList<DemoTool> ForLinux { get; } =
    [
        new("GitHub Actions", "curl/8.9.1", "API key \"github\""),
        new("Jenkins", "curl/8.5.0", "API key \"jenkins\""),
        new("Ansible", "ansible-httpget", "API key \"ansible\""),
        new("GitLab CI", "curl/8.9.1", "API key \"gitlab\""),
        new("deploy.sh", "curl/7.88.1", "Anonymous"),
    ];
}
