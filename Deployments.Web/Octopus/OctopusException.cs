namespace Deployments.Web.Octopus;

/// <summary>An Octopus server did not answer what was asked.</summary>
/// <param name="message">Why, for people; never a secret.</param>
/// <param name="isAboutServer">Whether the next question would fare no better.</param>
public sealed class OctopusException(string message, bool isAboutServer = false) : Exception(message)
{
    /// <summary>Whether the next question would fare no better.</summary>
    public bool IsAboutServer { get; } = isAboutServer;

    /// <summary>The status that Octopus answered; null when that was not what is wrong.</summary>
    public int? Status { get; init; }
}

/// <summary>An Octopus server wants to be left alone for a while.</summary>
/// <param name="until">Until then.</param>
public sealed class OctopusBusyException(DateTimeOffset until) : Exception("Octopus is asked too often")
{
    /// <summary>Until then.</summary>
    public DateTimeOffset Until { get; } = until;
}
