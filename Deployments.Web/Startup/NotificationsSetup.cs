using Deployments.Web.Notifications;

namespace Deployments.Web.Startup;

/// <summary>Telling people and tools what happened.</summary>
static class NotificationsSetup
{
    public static void AddNotifications(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<NotificationLinks>();
        builder.Services.AddSingleton<WebhookSender>();
        builder.Services.AddSingleton<MailServers>();
        builder.Services.AddSingleton<MailSender>();
        builder.Services.AddSingleton<NotificationDelivery>();
    }
}
