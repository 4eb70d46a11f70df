namespace Deployments.Tests.Clients;

/// <summary>A test that drives a real client; skipped, with the reason, where the machine lacks one.</summary>
[AttributeUsage(AttributeTargets.Method)]
sealed class ClientFactAttribute : FactAttribute
{
    public ClientFactAttribute(params string[] programs)
    {
        if (Array.Find(programs, program => !IsOnPath(program)) is { } missing)
            Skip = $"{missing} is not installed.";
    }

    /// <param name="program">The client.</param>
    /// <param name="registry">Whose packages it asks for, by its own configuration.</param>
    public ClientFactAttribute(string program, Registry registry)
        : this([program])
    {
        Skip ??= PublicRegistry.ReasonToSkipOrNull(registry);
    }

    static bool IsOnPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Any(folder => File.Exists(Path.Combine(folder, program)));
}
