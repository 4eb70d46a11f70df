using Deployments.Data.Notifications;
using Deployments.Web.Settings;
using Deployments.Web.Vulnerabilities;

namespace Deployments.Web.Notifications;

/// <summary>Addresses of this server's pages, as far as it knows how people reach it.</summary>
/// <param name="settings">Says where this server is.</param>
sealed class NotificationLinks(DeploymentsSettings settings)
{
    /// <summary>
    /// The page of the drift or the vulnerability, or else the deployment record's; null when there is none to name.
    /// </summary>
    public string? OfOrNull(NotificationFacts facts)
    {
        var path = facts.Drift is not null ? "/drift" + QueryString.Create("target", facts.Target)
            : facts.Advisory is { } advisory ? VulnerabilityText.Link(advisory.Id)
            : facts.DeploymentId > 0 ? $"/deployments/{facts.DeploymentId}" : null;
        return path is null || settings.PublicUrl is not { } root ? null : root.AbsoluteUri.TrimEnd('/') + path;
    }
}
