using Deployments.Data.Packages;
using Deployments.Web.Feeds;

namespace Deployments.Web.Deletion;

/// <summary>A version that somebody wants to delete.</summary>
/// <param name="Type">The type of its package.</param>
/// <param name="Package">The version, as it was named.</param>
/// <param name="Candidate">The same by its keys.</param>
public sealed record DeletionQuestion(IFeedType Type, PackageCoordinates Package, DeletionCandidate Candidate);

/// <summary>What is to be said of it.</summary>
/// <param name="Question">The version.</param>
/// <param name="Facts">What is known of it.</param>
/// <param name="IsSafe">Whether nothing speaks against it, and the reader sees enough to know that.</param>
/// <param name="Reasons">Why, or why not; at least one.</param>
public sealed record DeletionAnswer(
    DeletionQuestion Question, DeletionFacts Facts, bool IsSafe, IReadOnlyList<DeletionReason> Reasons);

/// <summary>Why a version can be deleted, or why not.</summary>
/// <param name="Code">For programs: <c>runsNow</c>.</param>
/// <param name="Text">For people, without its subject: <c>runs on 3 targets</c>.</param>
public sealed record DeletionReason(string Code, string Text);
