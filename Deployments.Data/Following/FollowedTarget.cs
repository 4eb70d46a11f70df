using Deployments.Data.Records;

namespace Deployments.Data.Following;

/// <summary>A target that somebody follows.</summary>
public sealed record FollowedTarget
{
    /// <summary>The target.</summary>
    public int TargetId { get; init; }

    /// <summary>Its name as recorded.</summary>
    public string Name { get; init; } = "";

    /// <summary>The group it is in; null for none.</summary>
    public string? Group { get; init; }

    /// <summary>What was deployed later is new.</summary>
    public DateTimeOffset SeenAt { get; init; }

    /// <summary>How many deployments are new, counted up to <see cref="FollowQueries.NewsMax"/>.</summary>
    public int News { get; init; }
}

/// <summary>What is new on the targets that somebody follows.</summary>
/// <param name="Targets">How many they follow.</param>
/// <param name="Since">The time of their last look, of the target that they looked at first; null without any.</param>
/// <param name="Newest">The newest of what came later, newest first.</param>
/// <param name="HasMore">Whether there is more than that.</param>
public sealed record FollowedNews(
    int Targets, DateTimeOffset? Since, IReadOnlyList<RecordRow> Newest, bool HasMore);
