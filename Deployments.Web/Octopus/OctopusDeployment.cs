namespace Deployments.Web.Octopus;

/// <summary>What Octopus says of a deployment that ended.</summary>
public sealed record OctopusDeployment
{
    /// <summary>Such as <c>Deployments-11</c>.</summary>
    public required string DeploymentId { get; init; }

    /// <summary>Such as <c>Projects-3</c>.</summary>
    public required string ProjectId { get; init; }

    /// <summary>The project's name.</summary>
    public required string Application { get; init; }

    /// <summary>The environment's name.</summary>
    public required string Environment { get; init; }

    /// <summary>The environment's id.</summary>
    public required string EnvironmentId { get; init; }

    /// <summary>Release, environment and tenant in a sentence.</summary>
    public required string Description { get; init; }

    /// <summary>The deployment's page.</summary>
    public required string Url { get; init; }

    /// <summary>Who deployed.</summary>
    public required string UserName { get; init; }

    /// <summary>When the task completed.</summary>
    public required DateTimeOffset CompletedAt { get; init; }

    /// <summary>The packages that it put somewhere; may be empty.</summary>
    public required IReadOnlyList<OctopusInstall> Installs { get; init; }
}

/// <summary>A package that a deployment put somewhere.</summary>
/// <param name="Action">The step's action.</param>
/// <param name="Reference">Which of its packages; empty: its main one.</param>
/// <param name="FeedId">The feed as Octopus says it: an id, or an expression with a variable.</param>
/// <param name="Package">The package, likewise.</param>
/// <param name="Version">The version; empty when Octopus names none.</param>
/// <param name="IsResolvable">Whether feed and package are what they seem, not expressions.</param>
/// <param name="Targets">Where it was put; at least one.</param>
public sealed record OctopusInstall(
    string Action, string Reference, string FeedId, string Package, string Version, bool IsResolvable,
    IReadOnlyList<string> Targets);
