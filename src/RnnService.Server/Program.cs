using RnnService.Server;

return await ServiceProgram.RunAsync(args);
