namespace Deployments.Tests.Support;

/// <summary>
/// Most tests look at pages and the read API without an account, which a server allows only when it is told to.
/// </summary>
static class OpenPages
{
    /// <summary>The argument that tells it; one that a test gives after it counts instead.</summary>
    public const string Argument = "--Deployments:AnonymousView=true";
}
