namespace Deployments.Web.Startup;

/// <summary>The program cannot start as configured. The message is one sentence for the person who starts it.</summary>
public sealed class StartupException(string message) : Exception(message);
