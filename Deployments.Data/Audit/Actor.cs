namespace Deployments.Data.Audit;

/// <summary>Who makes an administrative change, and from where.</summary>
/// <param name="Name">The account or API key as authenticated.</param>
/// <param name="Address">The client's network address; null for what the program does by itself.</param>
public sealed record Actor(string Name, string? Address)
{
    /// <summary>The program itself, at its start or in a job.</summary>
    public static Actor Program { get; } = new("Deployments", null);
}
