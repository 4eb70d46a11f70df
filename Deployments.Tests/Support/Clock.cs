namespace Deployments.Tests.Support;

/// <summary>A clock that stands.</summary>
/// <param name="now">What it shows.</param>
sealed class Clock(DateTimeOffset now) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => now;
}
